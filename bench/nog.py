"""The semantic graph: ``python -m bench.nog``.

Measures, in one run, graphs of 1,000, 10,000 and 100,000 entities beside bare networkx doing the same to the same
data: adding an entity, a two-hop neighbourhood, a shortest path, writing 1,000 entities as JSON; and the context that
an AI is given for one panel in a graph of 10,000 entities.  The workspace looks like one: panels of 20 parts in a
notebook each, parts that read each other, and some that reach across panels.  Python's garbage collection is off while
something is timed, for both.
"""

from __future__ import annotations

import argparse
import gc
import json
import random
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import networkx as nx

from nexus_jupyter.ai.context import AIContextBuilder
from nexus_jupyter.nog import GraphState, NOGEntity, NOGGraph, NOGRelationship, NOGSerializer

SIZES = (1_000, 10_000, 100_000)
PARTS = 20
BUDGETS = {"add": 20e-6, "neighbourhood": 2e-3, "path": 10e-3, "serialise": 10e-3, "context": 0.5}


def workspace(size: int, seed: int = 1) -> GraphState:
    """About ``size`` entities and 2.5 times as many relationships."""
    chance = random.Random(seed)
    entities: list[NOGEntity] = []
    links: dict[str, NOGRelationship] = {}

    def add(id: str, type: Any, **properties: Any) -> str:
        entities.append(NOGEntity(id=id, type=type, name=id.rpartition("/")[2], properties=properties))
        return id

    def relate(source: str, type: Any, target: str) -> None:
        id = f"{source} {type} {target}"
        links[id] = NOGRelationship(id=id, type=type, source=source, target=target)

    states: list[str] = []
    for number in range(size // (PARTS + 2)):
        notebook = f"notebooks/{number // 8}.ipynb#"
        if number % 8 == 0:
            add(f"{notebook}notebook", "notebook")
        panel = add(f"{notebook}panel:p{number}", "panel", title=f"Panel {number}", has_view=True)
        relate(f"{notebook}notebook", "contains", panel)
        own: list[str] = []
        for part in range(PARTS + 1):
            kind = ("state", "computed", "tool", "component")[min(part // 5, 3)]
            id = add(f"{notebook}{kind}:p{number}/x{part}", kind, line=part + 3, description="what it is for", component="Text")
            relate(panel, "contains", id)
            for target in chance.sample(own, min(len(own), 2 if kind == "component" else 1)):
                relate(id, "triggers" if kind == "component" and ":tool" in target else "reads", target)
            if kind == "tool":
                relate(id, "writes", chance.choice(own[:5]))
            own.append(id)
        states += own[:5]
        if number % 3 == 0:
            relate(own[5], "reads", chance.choice(states))
    return GraphState(revision=0, entities=tuple(entities), relationships=tuple(links.values()))


def bare(state: GraphState) -> Any:
    """The same graph in networkx alone, with plain attributes."""
    graph: Any = nx.MultiDiGraph()
    for entity in state.entities:
        graph.add_node(entity.id, type=entity.type, name=entity.name, properties=entity.properties)
    for link in state.relationships:
        graph.add_edge(link.source, link.target, key=link.id, type=link.type, properties=link.properties)
    return graph


def seconds(action: Callable[[], object]) -> float:
    """How long ``action`` takes."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def add_all(state: GraphState) -> tuple[float, float]:
    """Seconds an entity, with the relationships that belong to it: ours one by one, networkx one by one."""

    def ours() -> None:
        graph = NOGGraph()
        for entity in state.entities:
            graph.add_entity(entity)

    def theirs() -> None:
        graph: Any = nx.MultiDiGraph()
        for entity in state.entities:
            graph.add_node(entity.id, type=entity.type, name=entity.name, properties=entity.properties)

    number = len(state.entities)
    return (
        statistics.median(seconds(ours) for _ in range(3)) / number,
        statistics.median(seconds(theirs) for _ in range(3)) / number,
    )


def searches(state: GraphState, rounds: int) -> dict[str, tuple[list[float], list[float]]]:
    """Two-hop neighbourhoods and paths between the same random entities, interleaved."""
    graph, plain = NOGGraph(state), bare(state)
    both_ways = plain.to_undirected(as_view=True)
    # networkx's own bidirectional search, on its undirected view, is what a user of it would call
    chance = random.Random(2)
    ids = [entity.id for entity in state.entities]
    times: dict[str, tuple[list[float], list[float]]] = {"neighbourhood": ([], []), "path": ([], [])}

    def there_is_none(source: str, target: str) -> object:
        try:
            return nx.bidirectional_shortest_path(both_ways, source, target)
        except nx.NetworkXNoPath:
            return None

    for _ in range(rounds):
        source, target = chance.choice(ids), chance.choice(ids)
        times["neighbourhood"][0].append(seconds(lambda: graph.neighbourhood(source, 2)))  # noqa: B023
        times["neighbourhood"][1].append(seconds(lambda: nx.ego_graph(both_ways, source, radius=2)))  # noqa: B023
        times["path"][0].append(seconds(lambda: graph.path(source, target)))  # noqa: B023
        times["path"][1].append(seconds(lambda: there_is_none(source, target)))  # noqa: B023
    return times


def serialising() -> tuple[float, float]:
    """Seconds to write 1,000 entities and their relationships."""
    state = workspace(1_000)
    graph, plain = NOGGraph(state), bare(state)
    ours = [seconds(lambda: NOGSerializer.dumps(graph)) for _ in range(21)]
    theirs = [seconds(lambda: json.dumps(nx.node_link_data(plain, edges="links"))) for _ in range(21)]
    return statistics.median(ours), statistics.median(theirs)


def context(rounds: int) -> list[float]:
    """Seconds to tell a model of one panel in a graph of 10,000 entities; the first call loads the tokenizer and counts."""
    graph = NOGGraph(workspace(10_000))
    parts = "".join(f'<State name="x{n}" type="number" />' for n in range(PARTS // 2))
    texts = "".join(f"<Text>{{$state.x{n}}}</Text>" for n in range(PARTS // 2))
    source = f'<NexusPanel id="p9"><Data>{parts}</Data><View><Layout>{texts}</Layout></View></NexusPanel>'
    panels = [entity.id for entity in graph.entities("panel")]
    chance = random.Random(3)
    return [seconds(lambda: AIContextBuilder(graph).build(chance.choice(panels), source)) for _ in range(rounds)]


def quantile(values: list[float], share: float) -> float:
    """The value below which ``share`` of the sorted ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def row(what: str, size: int, ours: float, theirs: float, budget: float | None, tail: float | None = None) -> bool:
    """Print a line; gives whether the budget holds."""
    unit, factor = ("us", 1e6) if ours < 1e-3 else ("ms", 1e3)
    held = budget is None or ours <= budget
    limit = "" if budget is None else f"   budget {budget * factor:g} {unit}{'' if held else '  PASSED'}"
    p95 = "" if tail is None else f"   p95 {tail * factor:8.1f}"
    print(f"{what:<24} {size:>8,} {ours * factor:9.2f} {unit} {theirs * factor:9.2f} {ours / theirs:7.2f}{p95}{limit}")
    return held


def main() -> None:
    """Measure and print a table; ``--json`` keeps the numbers.  Ends with 1 when a budget is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {}
    held = True
    gc.disable()
    print(f"{'median':<24} {'entities':>8} {'nexus':>12} {'networkx':>9} {'ratio':>7}")
    for size in SIZES:
        state = workspace(size)
        number = len(state.entities)
        biggest = size == SIZES[-1]
        ours, theirs = add_all(state)
        result[f"add {size}"] = [ours, theirs]
        held &= row("add an entity", number, ours, theirs, BUDGETS["add"] if biggest else None)
        for name, (mine, other) in searches(state, options.rounds).items():
            result[f"{name} {size}"] = [mine, other]
            budget = BUDGETS[name] if biggest else None
            held &= row(name, number, statistics.median(mine), statistics.median(other), budget, quantile(mine, 0.95))
        del state
        gc.collect()
    ours, theirs = serialising()
    result["serialise"] = [ours, theirs]
    held &= row("write as JSON", 1_000, ours, theirs, BUDGETS["serialise"])
    times = context(max(3, options.rounds // 10))
    result["context"] = times
    held &= times[0] <= BUDGETS["context"]
    middle = statistics.median(times)
    print(f"{'context for a panel':<24} {10_000:>8,} {middle * 1e3:9.2f} ms   first call {times[0] * 1e3:.1f} ms   budget 500 ms")
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    raise SystemExit(0 if held else 1)


if __name__ == "__main__":
    main()
