"""Several pages, Python and a network that loses, doubles and reorders: in the end all show what the kernel has.

The kernel's half is a real panel, the pages' half the real stores with real guests; only the way between them is the test's.
"""

from __future__ import annotations

import contextlib
import os
import random
from pathlib import Path

import pytest

from nexus_jupyter import Panel

from .network import Network
from .pages import Pages

FULL = os.environ.get("NEXUS_FULL") == "1"
STEPS = 2_500 if FULL else 220
RUNS = 40 if FULL else 5

DOCUMENT = """<NexusPanel title="Board">
  <Data>
    <State name="count" type="number" default="0" />
    <State name="text" type="string" default="" />
    <State name="noted" type="list" default="[]" />
    <State name="rows" type="list" default='[{"id": "a", "on": false}, {"id": "b", "on": true}]' />
    <State name="map" type="object" default='{"x": 1, "y": 2}' />
    <Computed name="open" value="$state.rows.filter(row => !row.on).length" />
  </Data>
  <Logic>
    <Tool name="count" description="Count"><Handler>$state.count += 1;</Handler></Tool>
    <Tool name="note" description="Note" ><Arg name="mark" type="string" />
      <Handler>$state.noted.push($args.mark + ' ' + $state.noted.length);</Handler></Tool>
    <Tool name="mix" description="Change the order by chance">
      <Handler>const at = Math.floor(Math.random() * $state.rows.length);
        const [row] = $state.rows.splice(at, 1); if (row) $state.rows.unshift(row); $state.map.z = Date.now();</Handler></Tool>
    <Tool name="sort" description="Sort">
      <Handler>const up = Math.random() < 0.5; $state.rows.sort((a, b) => (a.id < b.id) === up ? -1 : 1);</Handler></Tool>
    <Tool name="grow" description="Add a row">
      <Handler>$state.rows.push({ id: 'r' + $state.count + '-' + Math.floor(Math.random() * 1e9), on: false });</Handler></Tool>
    <Tool name="shrink" description="Remove a row"><Handler>$state.rows.shift(); delete $state.map.x; $state.map.x = $state.count;</Handler></Tool>
    <Tool name="fail" description="Fail after a change"><Handler>$state.count += 100; throw new Error('no');</Handler></Tool>
    <Tool name="later" description="Change, wait, change">
      <Handler>$state.map.y += 1; await new Promise(done => setTimeout(done, 1)); $state.map.y += 1;</Handler></Tool>
  </Logic>
  <View>
    <Container title="{'Count ' + $state.count}">
      <Text>{$state.open} open of {$state.rows.length}: {Object.keys($state.map).join()} {$state.map.y}</Text>
      <Input label="text" bind="$state.text" />
      <Input label="note" onChange="note" args="{[$event.value]}" />
      <Button label="count" trigger="count" />
      <Button label="mix" trigger="mix" />
      <Button label="sort" trigger="sort" />
      <Button label="grow" trigger="grow" />
      <Button label="shrink" trigger="shrink" />
      <Button label="fail" trigger="fail" />
      <Button label="later" trigger="later" />
      <Iterate items="$state.rows" key="id">
        <Checkbox label="row" bind="$scope.item.on" />
        <Text>{$scope.item.id}</Text>
      </Iterate>
      <Iterate items="$state.noted" key="{$scope.item}"><Text>{$scope.item}</Text></Iterate>
    </Container>
  </View>
</NexusPanel>"""

LABELS = ("count", "count", "mix", "sort", "grow", "shrink", "fail", "later")


class Play:
    """What people, Python and the network do, by chance."""

    def __init__(self, network: Network, chance: random.Random) -> None:
        self.network, self.chance = network, chance
        self.marks: dict[tuple[int, int], str] = {}
        """Of each note that a page made, by the page and its number."""
        self.made = 0
        self.here = 0
        """How many events were made on a page that ran the panel itself."""

    def step(self) -> None:
        network, chance = self.network, self.chance
        page = chance.choice(list(network.up))
        luck = chance.random()
        if luck < 0.31:
            self.here += network.do("look", page)["here"]
        if luck < 0.20:
            network.do("act", page, label=chance.choice(LABELS))
        elif luck < 0.26:
            self.note(page)
        elif luck < 0.31:
            network.do("act", page, label="text", event="change", detail={"value": f"t{chance.randrange(1000)}"})
        elif luck < 0.35:
            network.do("act", page, label="row", event="change", detail={"value": chance.random() < 0.5})
        elif luck < 0.37:
            network.do("turn", page, turn=chance.choice(["undo", "redo"]))
        elif luck < 0.40:
            network.panel.state.count = chance.randrange(50)
            network.panel.runtime.ask(lambda: None).result(60)
            network.gather()
        elif luck < 0.43:
            network.do("pass", time=chance.choice([300, 12_000]))
        elif luck < 0.433:
            network.do("break", page)
        elif luck < 0.45:
            network.do("wake", page)
        elif luck < 0.69:
            network.take(page, faulty=True)
        else:
            network.give(page, faulty=True)

    def note(self, page: int) -> None:
        self.made += 1
        mark = f"m{self.made}"
        seq = self.network.do("act", page, label="note", event="change", detail={"value": mark})
        if seq is not None:
            self.marks[page, seq] = mark

    def exchange(self, page: int) -> None:
        """A page goes, and another comes."""
        self.network.close(page)
        self.marks = {key: mark for key, mark in self.marks.items() if key[0] != page}
        self.network.open(page, near=self.chance.random() < 0.5)


@pytest.mark.parametrize("run", range(RUNS))
def test_all_pages_come_to_the_kernels_state(script: Path, run: int) -> None:
    chance = random.Random(run)
    with contextlib.closing(Panel(DOCUMENT, id="board")) as panel, Pages(script) as pages:
        network = Network(pages, panel, chance, faults=(0.0, 0.003, 0.02, 0.06)[run % 4])
        for page in range(1, chance.randrange(2, 6) + 1):
            network.open(page, near=page % 2 == 1)
        network.settle()
        for page in network.up:
            network.do("wake", page)
        play = Play(network, chance)
        for step in range(STEPS):
            play.step()
            if step % 211 == 210:
                play.exchange(chance.choice(list(network.up)))
        network.settle()
        kernel = panel.runtime.snapshot().result(60)
        assert kernel.tree.root is not None
        expected = kernel.tree.root.model_dump(mode="json")
        noted = [text.split()[0] for text in panel.state.noted]
        assert len(set(noted)) == len(noted)  # nothing has run twice
        for page in network.up:
            look = network.do("look", page, settled=True)
            assert (look["connection"], look["rev"], look["overdue"]) == ("live", kernel.rev, 0)
            assert look["tree"] == expected
            for (whose, seq), mark in play.marks.items():
                if whose == page:
                    assert (mark in noted) == (look["outcomes"][str(seq)] is None)
        assert play.here > 10  # else nothing was expected here
        network.end()
