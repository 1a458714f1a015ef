"""Fixes: applied together, again and again, and never for the worse."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from nexus_jupyter.diagnostics import Diagnostic, Fix, LineIndex, Severity, errors_of
from nexus_jupyter.nxml import apply_fixes, read
from nexus_jupyter.nxml.fixing import apart, edited


def fix(source: str, start: int, end: int, replacement: str) -> Fix:
    return Fix(title="change it", span=LineIndex(source).span(start, end), replacement=replacement)


def problem(given: Fix) -> Diagnostic:
    return Diagnostic(code="ALIAS", severity=Severity.WARNING, message="it is wrong", span=given.span, fix=given)


def fixed(source: str) -> str:
    return apply_fixes(source, read(source).diagnostics)


def test_each_fix_is_applied() -> None:
    source = '<NexusPanel id="a" id="b"><View><Buton label="c" label="d"/><Txt content="e"/></View></NexusPanel>'
    made = fixed(source)
    assert made == '<NexusPanel id="a" ><View><Button label="c" /><Text content="e"/></View></NexusPanel>'
    assert [d.code for d in read(made).diagnostics if d.fix] == []


def test_a_fix_that_shows_another_problem_leads_to_the_next() -> None:
    source = "<NexusPanel id='p'><View><Layout><Container><Text content='a'></Layout></View></NexusPanel>"
    assert fixed(source) == "<NexusPanel id='p'><View><Layout><Container><Text content='a'></Text></Container></Layout></View></NexusPanel>"


def test_a_key_of_text_and_expression_becomes_one_expression() -> None:
    source = (
        """<NexusPanel id='p'><View><Iterate items="[{id: 1}]" key="row-{ $scope.item.id }"><Text>a</Text></Iterate></View></NexusPanel>"""
    )
    assert fixed(source) == source.replace("row-{ $scope.item.id }", "{`row-${$scope.item.id}`}")


def test_without_fixes_the_text_stays() -> None:
    for source in ("<NexusPanel/>", "<NexusPanel><View/><View/></NexusPanel>", ""):
        assert fixed(source) == source


def test_a_fix_that_makes_it_worse_is_left_out() -> None:
    source = "<NexusPanel id='p'><View><Text>a</Text></View></NexusPanel>"
    good, bad = fix(source, 16, 17, "good"), fix(source, source.index("</Text>"), source.index("</Text>") + 7, "</Tex>")
    odd = fix(source, source.index(">a<") + 1, source.index(">a<") + 2, "{")
    assert apply_fixes(source, [problem(bad)]) == source
    assert apply_fixes(source, [problem(each) for each in (odd, bad, good)]) == source.replace("'p'", "'good'")


def test_a_fix_without_effect_ends_the_work() -> None:
    source = "<NexusPanel id='p'><View><Text>a</Text></View></NexusPanel>"
    assert apply_fixes(source, [problem(fix(source, 1, 2, "N"))]) == source


def test_after_ten_rounds_it_is_enough() -> None:
    source = "<a><b><c><d><e><f><g><h><i><j><k><l><m><n>" + "</a>"
    assert fixed(f"<NexusPanel>{source}</NexusPanel>").endswith("<m><n></n></m></l></k></j></i></h></g></f></e></a></NexusPanel>")


def test_of_fixes_that_overlap_the_first_is_taken() -> None:
    source = "abcdef"
    fixes = [
        fix(source, 3, 5, "X"),
        fix(source, 0, 2, "Y"),
        fix(source, 1, 4, "Z"),
        fix(source, 3, 3, "+"),
        fix(source, 5, 6, ""),
        fix(source, 3, 3, "+"),
    ]
    assert edited(source, apart(fixes)) == "Yc+de"


@given(st.text(max_size=20), st.data())
def test_edits_leave_everything_else(source: str, data: st.DataObject) -> None:
    places = st.tuples(st.integers(0, len(source)), st.integers(0, len(source))).map(sorted)
    fixes = apart(fix(source, start, end, "#") for start, end in data.draw(st.lists(places, max_size=6)))
    made = edited(source, fixes)
    assert len(made) == len(source) - sum(f.span.end - f.span.start - 1 for f in fixes)
    at = 0
    for each in fixes:
        assert each.span.start >= at
        at = each.span.end


PANEL = (Path(__file__).parents[1] / "corpus/panels/counter.nxml").read_text(encoding="utf-8")


@given(
    st.lists(
        st.tuples(st.integers(0, len(PANEL)), st.integers(0, 9), st.sampled_from(["", "</", ">", "<Buton>", 'a="', "x", "{"])), max_size=4
    )
)
def test_no_document_gets_more_errors(edits: list[tuple[int, int, str]]) -> None:
    source = PANEL
    for at, cut, insert in edits:
        source = source[:at] + insert + source[at + cut :]
    assert len(errors_of(read(fixed(source)).diagnostics)) <= len(errors_of(read(source).diagnostics))


def test_a_fix_that_does_not_end_its_problem_is_left_out() -> None:
    # what follows the start of a processing instruction is skipped, a closing tag at the end as well
    for source in ("<NexusPanel><View><Layout><?x</Layout></View></NexusPanel>", "<NexusPanel><View><Text><?x"):
        assert fixed(source) == source
    source = '<NexusPanel id="a" id="b"><View><Layout><?x</Layout></View></NexusPanel>'
    assert fixed(source) == source.replace(' id="b"', " ")
    source = '<NexusPanel id="p"><Data><State name="\fa" type="number"/></Data><View><Text>{$state.a}</Text></View></NexusPanel>'
    assert fixed(fixed(source)) == fixed(source)
    assert fixed(source).count("\f") < 3
