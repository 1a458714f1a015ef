"""The engine's word on a document's JavaScript, whatever else is wrong with the document."""

from __future__ import annotations

import pytest

from nexus_jupyter.diagnostics import Diagnostic, Severity
from nexus_jupyter.errors import DocumentError, EngineError
from nexus_jupyter.nxml import read
from nexus_jupyter.panel import Panel
from nexus_jupyter.panel.trial import fitting_state
from nexus_jupyter.sandbox import syntax
from nexus_jupyter.sandbox.guest import Guest
from nexus_jupyter.sandbox.syntax import confirm, syntax_problems


def texts(source: str, found: tuple[Diagnostic, ...], code: str = "JS_SYNTAX") -> list[str]:
    return [source[d.span.start : d.span.end] for d in found if d.code == code]


WRONG = """<NexusPanel>
  <Data><State name="count" type="nummber"/><State name="thing" type="object"/></Data>
  <Logic><Tool name="t" description="d"><Handler>
      const s = "𝒳";

      const a = ;
  </Handler></Tool></Logic>
  <View><Layout>
    <Text>{"𝒳" + &amp;&amp; 1 }</Text><Input label="x" bind="$state.thing[1 +]"/>
    <Text>{$state.count}</Text>
  </Layout></View>
</NexusPanel>"""


def test_code_is_checked_although_the_document_has_other_errors() -> None:
    found = confirm(read(WRONG))
    assert [d.code for d in found] == ["INVALID_TYPE", "JS_SYNTAX", "JS_SYNTAX", "JS_SYNTAX"]
    assert [(d.span.line, d.path.rpartition("/")[2]) for d in found] == [(2, "State"), (6, "Tool"), (9, "Text"), (9, "Input")]
    assert texts(WRONG, found)[0] == ";"
    assert all("this JavaScript cannot be read: " in d.message for d in found[1:])
    assert all(WRONG[d.span.start - d.span.column + 1 - 1] == "\n" for d in found)


def test_a_panel_is_refused_with_all_that_is_wrong() -> None:
    with pytest.raises(DocumentError) as refused:
        Panel(WRONG)
    assert refused.value.diagnostics == confirm(read(WRONG))


def test_what_only_the_engine_finds_is_found() -> None:
    source = (
        '<NexusPanel><Data><State name="a" type="x"/></Data><Logic><Tool name="t" description="d">'
        "<Handler>let a; let a;</Handler></Tool></Logic></NexusPanel>"
    )
    reading = read(source)
    assert [d.code for d in reading.diagnostics if d.code == "JS_SYNTAX"] == []
    assert len(texts(source, confirm(reading))) == 1


def test_what_only_the_reader_claims_is_dropped(monkeypatch: pytest.MonkeyPatch) -> None:
    source = '<NexusPanel><Logic><Tool name="t" description="d"><Handler>return 1</Handler></Tool></Logic></NexusPanel>'
    reading = read(source)
    piece = reading.analysis.sites[0]
    claimed = Diagnostic(code="JS_SYNTAX", severity=Severity.ERROR, message="this cannot be read", span=piece.span)
    doubted = type(reading)(source, reading.ast, (claimed, *reading.diagnostics), reading.analysis)
    assert doubted.ok
    assert confirm(doubted) == reading.diagnostics
    monkeypatch.setattr(syntax, "Guest", _missing)
    assert confirm(doubted) == doubted.diagnostics
    with pytest.raises(EngineError):
        syntax_problems(doubted)


def _missing(*_: object) -> Guest:
    raise EngineError("the engine is not there")


def test_a_better_explanation_stands_alone() -> None:
    source = (
        '<NexusPanel><Data><State name="a" type="number"/></Data><Logic><Tool name="t" description="d">'
        "<Handler>import x from 'y'</Handler></Tool></Logic><View><Text>{await $state.a}</Text></View></NexusPanel>"
    )
    assert [d.code for d in confirm(read(source)) if d.severity == "error"] == ["FORBIDDEN_GLOBAL", "IMPURE_EXPRESSION"]


@pytest.mark.parametrize(
    "code",
    ["(" * 40_000, "[" * 40_000 + "]" * 40_000, "{" * 40_000, "a" + ".b" * 40_000, "`${" * 20_000, "x => " * 15_000, "/(" + "(" * 30_000],
)
def test_hostile_code_ends(code: str) -> None:
    source = (
        f'<NexusPanel><Data><State name="a" type="nummber"/></Data><Logic><Tool name="t" description="d"><Handler>{code}</Handler></Tool>'
        "</Logic></NexusPanel>"
    )
    assert "INVALID_TYPE" in {d.code for d in confirm(read(source))}


def test_a_place_is_exact_where_references_were_decoded() -> None:
    source = '<NexusPanel><View><Text content="&lt;{&quot;&lt;&quot; + 1 1}"/></View></NexusPanel>'
    with pytest.raises(DocumentError) as refused:
        Panel(source)
    (problem,) = [d for d in refused.value.diagnostics if d.code == "JS_SYNTAX"]
    assert source[problem.span.start :].startswith("1}")


def test_state_that_fits_a_document_that_is_none() -> None:
    with Panel("<NexusPanel/>") as panel:
        with pytest.raises(DocumentError):
            fitting_state(panel, '<NexusPanel><View><Text content="{1 1}"/></View></NexusPanel>')
        with pytest.raises(DocumentError):
            fitting_state(panel, WRONG)


@pytest.mark.parametrize(
    "code",
    [
        'const b = "日本語" ¦3; $log(1)',
        '\n  const b = "é😀" ¦3; $log(1)',
        "/* éééééé */ const b = 1 ¦2",
        '"x" + ¦; "日本語"',
    ],
)
def test_places_count_characters_whatever_stands_before_them(code: str) -> None:
    document = f'<NexusPanel><Logic><Tool name="t" description="d"><Handler>{code}</Handler></Tool></Logic></NexusPanel>'
    source = document.replace("¦", "")
    (found,) = confirm(read(source))
    assert (found.code, found.span.start) == ("JS_SYNTAX", document.index("¦"))
