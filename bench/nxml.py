"""The panel language: ``python -m bench.nxml``.

Measures, in one run, the reader beside Python's own readers of markup on the same text: cutting it into tokens beside
``html.parser``, building a tree beside ``xml.etree``.  Then what a person waits for: a panel of some 60 lines read for the
first time and again, and checked; how time and memory grow with the document, also where it is hostile; and the slowest
of many generated documents.  Python's garbage collection is off while something is timed, for all.
"""

from __future__ import annotations

import argparse
import gc
import json
import statistics
import time
import tracemalloc
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from xml.etree import ElementTree

from nexus_jupyter.nxml import CACHE, DEFAULT_LIMITS, ASTValidator, Lexer, Limits, Parser, read, read_afresh
from nexus_jupyter.nxml.analysis_facts import forget
from nexus_jupyter.nxml.problems import Problems

from .documents import FAMILIES, NO_LIMITS, Grammar

PANELS = Path(__file__).parents[1] / "tests/corpus/panels"
Row = tuple[str, float, float | None, str]


class Tags(HTMLParser):
    """Counts what Python's HTML parser finds."""

    found = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found += 1


def best(action: Callable[[], object], rounds: int) -> float:
    """The least processor time of ``rounds`` runs, in seconds; none remembers the code that another has looked at."""
    least = float("inf")
    for _ in range(rounds):
        forget()
        start = time.thread_time()
        action()
        least = min(least, time.thread_time() - start)
    return least


def html(source: str) -> None:
    """Python's HTML parser, told to do nothing with what it finds."""
    parser = Tags()
    parser.feed(source)
    parser.close()


def xml(source: str) -> None:
    """Python's XML parser (expat, written in C), events pulled as they come."""
    parser: ElementTree.XMLPullParser[ElementTree.Element] = ElementTree.XMLPullParser(("start", "end"))
    parser.feed(source)
    parser.close()
    for _ in parser.read_events():
        pass


def tokens(source: str) -> None:
    """Ours, tokens only."""
    for _ in Lexer(source).tokens():
        pass


def panel() -> str:
    """A panel of some 60 lines that HTML and XML parsers read as well: the sample with its operators as references."""
    source = (PANELS / "kanban.nxml").read_text(encoding="utf-8")
    while "&&" in source:
        source = source.replace("&&", "&amp;&amp;")
    source = source.replace("at < ", "at &lt; ")
    ElementTree.fromstring(source)
    return source


def long_panel(lines: int) -> str:
    """About so many lines of what panels are made of: a view that repeats rows with a few expressions each."""
    row = (
        '      <Container title="Row {$state.n}" variant="panel">\n        <Text>{$state.n + 1} of {$state.rows.length}</Text>\n'
        '        <Input bind="$state.draft" label="New" placeholder="What is to be done?" />\n'
        '        <Button trigger="add" args="{ n: $state.n }" disabled="{!$state.draft}">Add</Button>\n      </Container>\n'
    )
    return (
        '<NexusPanel id="long" title="Long">\n  <Data>\n    <State name="n" type="number" />\n    <State name="rows" type="list" />\n'
        '    <State name="draft" type="string" />\n  </Data>\n  <Logic>\n    <Tool name="add" description="Adds">\n'
        '      <Arg name="n" type="number" />\n      <Handler>$state.rows.push($args.n);</Handler>\n    </Tool>\n  </Logic>\n'
        f"  <View>\n    <Layout>\n{row * (lines // 5)}    </Layout>\n  </View>\n</NexusPanel>\n"
    )


def beside_others(source: str, rounds: int) -> list[Row]:
    """Tokens and tree, as ratios to Python's own readers."""
    ours, theirs = best(lambda: tokens(source), rounds), best(lambda: html(source), rounds)
    tree, pulled = best(lambda: Parser(source).parse(), rounds), best(lambda: xml(source), rounds)
    return [
        ("tokens only / html.parser", ours / theirs, 1.5, f"{ours * 1e3:.3f} ms / {theirs * 1e3:.3f} ms"),
        ("tree / html.parser", tree / theirs, None, f"{tree * 1e3:.3f} ms; expat in C, no tree of ours: {pulled * 1e3:.3f} ms"),
    ]


def one_panel(source: str, rounds: int) -> list[Row]:
    """What a person waits for when a cell runs or a key is pressed, in milliseconds."""
    ast = Parser(source).parse()
    lines = source.count("\n")
    cold = best(lambda: read_afresh(source), rounds)
    CACHE.clear()
    read(source)
    cached = best(lambda: read(source), rounds)
    parse = best(lambda: Parser(source).parse(), rounds)
    check = best(lambda: ASTValidator(ast, problems=Problems(1_000)).validate(), rounds)
    return [
        (f"parse, {lines} lines, ms", parse * 1e3, None, ""),
        (f"parse and check, {lines} lines, ms", cold * 1e3, 5, ""),
        (f"read again, {lines} lines, ms", cached * 1e3, 0.05, f"{CACHE.metrics.hit_rate:.0%} from the cache"),
        (f"checks alone, {lines} lines, ms", check * 1e3, 2, ""),
    ]


def growth(rounds: int) -> list[Row]:
    """A document of 10,000 lines and one of 20,000, and what the reader holds at most for each character."""
    small, large = long_panel(10_000), long_panel(20_000)
    first, second = (best(lambda s=s: read_afresh(s, NO_LIMITS), rounds) for s in (small, large))  # type: ignore[misc]
    tracemalloc.start()
    reading = read_afresh(small, NO_LIMITS)
    held, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    size = len(reading.source)
    return [
        ("20,000 lines / 10,000 lines", second / first, 2.2, f"{second:.2f} s / {first:.2f} s, {len(large) / second / 1e6:.2f} MB/s"),
        ("memory at most, bytes a byte", peak / size, None, f"{peak / 1e6:.0f} MB for {size / 1e6:.2f} MB; {held / size:.0f} stay"),
    ]


def families(size: int) -> list[Row]:
    """For each family the time of twice the text through the time of once the text."""
    rows: list[Row] = []
    for name, make in FAMILIES.items():
        small, large = make(size // 2), make(size)
        cut = any(d.code.startswith("LIMIT_") for d in read_afresh(large).diagnostics)
        limits: Limits = NO_LIMITS if cut else DEFAULT_LIMITS
        ratio = float("inf")
        for _ in range(3):
            first, second = best(lambda: read_afresh(small, limits), 2), best(lambda: read_afresh(large, limits), 2)  # noqa: B023
            ratio = min(ratio, second / first)
            if ratio <= 2.2:
                break
        rows.append((f"{name}: twice / once", ratio, 2.2, f"{second:.2f} s for {len(large):,}{', limits raised' if cut else ''}"))
    return rows


def slowest(number: int) -> list[Row]:
    """The slowest of generated documents, each alone, in multiples of the median per character."""
    rates: list[tuple[float, str]] = []
    for document in Grammar(0).documents(number):
        if len(document) >= 200:
            rates.append((best(lambda: read_afresh(document), 1) / len(document), document))  # noqa: B023
    median = statistics.median(rate for rate, _ in rates)
    worst = sorted(rates, reverse=True)[:50]
    again = sorted(((best(lambda d=d: read_afresh(d), 3) / len(d), d) for _, d in worst), reverse=True)[:3]  # type: ignore[misc]
    rows: list[Row] = [(f"median of {len(rates):,} generated, us a byte", median * 1e6, None, "")]
    for rate, document in again:
        rows.append(("slowest / median", rate / median, 20, repr(document[:40] + "…" + document[-20:])))
    return rows


def main() -> None:
    """Measure and print a table; ``--json`` keeps the numbers.  Ends with 1 when a budget is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--size", type=int, default=980_000, help="characters of the families (default: %(default)s)")
    parser.add_argument("--documents", type=int, default=5_000, help="generated ones (default: %(default)s)")
    parser.add_argument("--json", type=Path)
    options = parser.parse_args()
    source = panel()
    gc.disable()
    parts: list[Callable[[], list[Row]]] = [
        lambda: beside_others(source, options.rounds),
        lambda: one_panel(source, options.rounds),
        lambda: growth(3),
        lambda: families(options.size),
        lambda: slowest(options.documents),
    ]
    result: dict[str, float] = {}
    met = True
    print(f"{'':<40} {'':>9} {'budget':>7}")
    for part in parts:
        for what, value, budget, note in part():
            verdict = "" if budget is None else "met" if value <= budget else "MISSED"
            met &= verdict != "MISSED"
            result.setdefault(what, value)
            print(f"{what:<40} {value:>9.3f} {'' if budget is None else f'{budget:g}':>7} {verdict:<7} {note}", flush=True)
        gc.collect()
    if options.json:
        options.json.write_text(json.dumps(result, indent=1), encoding="utf-8")
    raise SystemExit(0 if met else 1)


if __name__ == "__main__":
    main()
