from __future__ import annotations

import json
import shutil
import subprocess
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nexus_jupyter.ai.canonical import canonical, number
from nexus_jupyter.ai.demands import capability_changes
from nexus_jupyter.ai.proposal import proposal_hash
from nexus_jupyter.nxml import compile_program, read
from nexus_jupyter.nxml.program import Program
from nexus_jupyter.panel.difference import unified_diff
from nexus_jupyter.protocol.proposal import Proposal

from .test_review import proposed

JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**60), 2**60) | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=8,
)

_CANONICAL_JS = """
const write = v => v === null || typeof v !== 'object' ? JSON.stringify(v)
  : Array.isArray(v) ? '[' + v.map(write).join(',') + ']'
  : '{' + Object.keys(v).sort().map(k => JSON.stringify(k) + ':' + write(v[k])).join(',') + '}'
const all = JSON.parse(require('fs').readFileSync(0, 'utf8'))
process.stdout.write(JSON.stringify(all.map(write)))
"""


@settings(max_examples=1)
@given(
    st.lists(JSON, min_size=300, max_size=300) | st.just([5e-324, 1e21, 1e-7, -0.0, 123456789.125, 1e300, 2**53 + 2, "\u2028", "\x7f\x00"])
)
def test_canonical_json_is_what_a_page_computes(values: list[Any]) -> None:
    node = shutil.which("node")
    assert node is not None
    done = subprocess.run([node, "-e", _CANONICAL_JS], input=json.dumps(values), capture_output=True, text=True, check=True)
    assert [canonical(v).decode() for v in values] == json.loads(done.stdout)


@given(JSON)
def test_canonical_json_means_the_same(value: Any) -> None:
    again = json.loads(canonical(value))
    assert canonical(again) == canonical(value)


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_what_is_no_number_has_no_canonical_form(value: float) -> None:
    with pytest.raises(ValueError, match="finite"):
        number(value)


def test_a_proposal_keeps_its_hash_on_its_way() -> None:
    made = proposed().proposal
    assert made.hash == proposal_hash(made)
    assert proposal_hash(Proposal.model_validate_json(made.model_dump_json())) == made.hash
    assert proposal_hash(made.model_copy(update={"hash": "other"})) == made.hash


def test_every_field_is_in_the_hash() -> None:
    made = proposed().proposal
    for name in set(Proposal.model_fields) - {"hash"}:
        value = getattr(made, name)
        other: Any = {"x": 1} if value is None else value + 1 if isinstance(value, int) else f"{value}x"
        changed = made.model_copy(update={name: other})
        with pytest.warns(UserWarning, match="serializer") if name in ("capabilities", "diagnostics", "dry_run") else _nothing():
            assert proposal_hash(changed) != made.hash, name


class _nothing:
    def __enter__(self) -> None: ...
    def __exit__(self, *_: object) -> None: ...


def patched(before: str, diff: str) -> str:
    """``before`` after a unified diff, by a reader of its own."""
    out: list[str] = []
    left = before.split("\n")
    at = 0
    for line in diff.split("\n")[2:-1]:
        if line.startswith("@@"):
            first, _, size = line.split()[1][1:].partition(",")
            start = int(first) - (0 if size == "0" else 1)
            out += left[at:start]
            at = start
        elif line[0] in " -":
            assert left[at] == line[1:]
            at += 1
            out += [line[1:]] if line[0] == " " else []
        else:
            out.append(line[1:])
    return "\n".join(out + left[at:])


LINES = st.lists(st.sampled_from(["a", "b", "c", "", "-x", "+y", "@@"]), max_size=60).map("\n".join)


@given(LINES, LINES)
def test_a_diff_leads_from_one_document_to_the_other(before: str, after: str) -> None:
    diff = unified_diff(before, after)
    assert (diff == "") == (before == after)
    assert patched(before, diff) == after


def test_a_diff_shows_three_lines_around_a_change_and_no_more() -> None:
    lines = [f"line {i}" for i in range(50)]
    after = [*lines]
    after[25] = "changed"
    assert unified_diff("\n".join(lines), "\n".join(after)) == (
        "--- present\n+++ proposed\n@@ -23,7 +23,7 @@\n line 22\n line 23\n line 24\n-line 25\n+changed\n line 26\n line 27\n line 28\n"
    )


def program(logic: str) -> Program:
    reading = read(f"<NexusPanel><Logic>{logic}</Logic></NexusPanel>")
    assert reading.ok, reading.diagnostics
    return compile_program(reading.ast)


TOOL = '<Tool name="t" description="d"{}><Handler{}>return 1;</Handler></Tool>'


def told(before: str, after: str) -> list[tuple[str, str, bool]]:
    return [(c.kind, c.alias, c.dangerous) for c in capability_changes(program(before), program(after))]


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("", '<Extension name="nexus.fs" mode="write" alias="f"/>', [("added", "f", True)]),
        ("", '<Extension name="nexus.fs" alias="f"/>', [("added", "f", False)]),
        ('<Extension name="nexus.fs" alias="f"/>', '<Extension name="nexus.fs" alias="f" mode="write"/>', [("changed", "f", True)]),
        ('<Extension name="nexus.fs" alias="f" root="a"/>', '<Extension name="nexus.fs" alias="f" root="b"/>', [("changed", "f", False)]),
        ('<Extension name="nexus.fs" alias="f"/>', "", [("removed", "f", False)]),
        ("", '<Extension name="nexus.http" hosts="a.example, *"/>', [("added", "http", True)]),
        ("", '<Extension name="nexus.store"/>', [("added", "store", True)]),
        ("", '<Extension name="nexus.python"/>', [("added", "python", False)]),
        (TOOL.format("", ' capabilities="fs:read"'), TOOL.format("", ' capabilities="fs:read, fs:write"'), [("changed", "tool t", True)]),
        (TOOL.format("", ' capabilities="fs:read, fs:write"'), TOOL.format("", ' capabilities="fs:read"'), [("changed", "tool t", False)]),
        (TOOL.format("", ""), TOOL.format(' ai="allow"', ""), [("changed", "tool t", True)]),
        (TOOL.format(' confirm="Sure?"', ""), TOOL.format("", ""), [("removed", "tool t", True)]),
        (TOOL.format("", ""), TOOL.format(' icon="x"', ""), []),
    ],
)
def test_what_a_document_newly_demands_is_told(before: str, after: str, expected: list[tuple[str, str, bool]]) -> None:
    assert told(before, after) == expected


def test_what_is_dangerous_stands_first() -> None:
    after = '<Extension name="nexus.python"/><Extension name="nexus.fs" mode="write"/>'
    assert [danger for _, _, danger in told("", after)] == [True, False]
