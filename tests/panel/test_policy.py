"""Rules of the configuration: what they open and what they forbid, by the demands of real documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus_jupyter.errors import OptionError
from nexus_jupyter.nxml import load_program
from nexus_jupyter.panel.consent_words import diff_of, words_of
from nexus_jupyter.panel.demand import Demand, demands_of
from nexus_jupyter.panel.policy import Policy, Rule

from .notes import FS, READ, document

pytestmark = pytest.mark.usefixtures("data")

WRITE = "await $ext.fs.write('a', 'b')"


def demand(extension: str, *bodies: str) -> Demand:
    """The one demand of a document with this extension and these handlers."""
    (found,) = demands_of(load_program(document(*bodies, extensions=extension))[0])
    return found


def http(hosts: str, more: str = "") -> Demand:
    return demand(f'<Extension name="nexus.http" alias="http" hosts="{hosts}"{more}/>', "return await $ext.http.get('x')")


def fs(options: str = 'root="data"', body: str = READ) -> Demand:
    return demand(f'<Extension name="nexus.fs" alias="fs" {options}/>', body)


# --- demands --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("body", "mode", "capabilities"),
    [
        (READ, "write", ("fs:read",)),
        (READ + "; " + WRITE, "write", ("fs:read", "fs:write")),
        ("return await $ext.fs[$args.x]('a')", "write", ("fs:delete", "fs:read", "fs:write")),
        ("return await $ext.fs[$args.x]('a')", "read", ("fs:read",)),
        ("const all = $ext; return await all[$args.x].read('a')", "write", ("fs:delete", "fs:read", "fs:write")),
    ],
)
def test_a_demand_is_what_the_handlers_can_use(body: str, mode: str, capabilities: tuple[str, ...]) -> None:
    assert fs(f'root="data" mode="{mode}"', body).capabilities == capabilities


def test_what_is_declared_but_not_used_is_no_demand() -> None:
    assert demands_of(load_program(document("return 1"))[0]) == ()


def test_a_handler_narrows_what_it_may_use_and_no_other() -> None:
    source = document(WRITE + "; " + READ, extensions=FS.replace("/>", ' mode="write"/>'))
    narrow = source.replace("<Handler>", '<Handler capabilities="fs:read">')
    assert [d.capabilities for d in demands_of(load_program(narrow)[0])] == [("fs:read",)]
    assert [d.capabilities for d in demands_of(load_program(source)[0])] == [("fs:read", "fs:write")]


# --- rules ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rule", "hosts", "more", "allowed"),
    [
        ("nexus.http hosts=https://a.example", "https://a.example", "", True),
        ("nexus.http hosts=https://a.example", "https://a.example", ' timeout="5s"', True),
        ("nexus.http hosts=https://a.example,https://b.example", "https://a.example", "", True),
        ("nexus.http hosts=https://a.example", "https://a.example, https://b.example", "", False),
        ("nexus.http hosts=https://a.example", "a.example", "", False),
        ("nexus.http hosts=https://a.example", "https://a.example.evil.example", "", False),
        ("nexus.http hosts=https://a.example", "*", "", False),
        ("nexus.http hosts=*", "https://a.example", "", True),
        ("nexus.http", "https://a.example", "", False),
        ("nexus.http hosts=https://a.example capabilities=http:nothing", "https://a.example", "", False),
        ("nexus.* hosts=https://a.example", "https://a.example", "", False),
    ],
)
def test_a_rule_opens_what_it_names_and_no_more(rule: str, hosts: str, more: str, allowed: bool) -> None:
    assert Rule.of(rule).allows(http(hosts, more)) is allowed


@pytest.mark.parametrize(
    ("rule", "options", "allowed"),
    [
        ("nexus.fs root=data", 'root="data"', True),
        ("nexus.fs root=data", 'root="data" mode="write"', False),
        ("nexus.fs root=data mode=write", 'root="data" mode="write"', True),
        ("nexus.fs root=data mode=write", 'root="data"', True),
        ("nexus.fs root=data", 'root="data/"', False),
        ("nexus.fs root=data", "", False),
        ({"extension": "nexus.fs", "root": "my data"}, 'root="my data"', True),
        ({"extension": "nexus.fs", "root": "my data", "capabilities": ["fs:list"]}, 'root="my data"', False),
    ],
)
def test_options_that_a_rule_leaves_out_keep_their_defaults(rule: object, options: str, allowed: bool) -> None:
    assert Rule.of(rule).allows(fs(options)) is allowed


@pytest.mark.parametrize(
    ("rule", "forbidden"),
    [
        ("nexus.http", True),
        ("nexus.*", True),
        ("*", True),
        ("nexus.fs", False),
        ("nexus.http hosts=internal.example", True),
        ("nexus.http hosts=https://internal.example:8443", True),
        ("nexus.http hosts=INTERNAL.example.", True),
        ("nexus.http hosts=other.example", False),
        ("nexus.http capabilities=http:request", True),
        ("nexus.http capabilities=http:nothing", False),
    ],
)
def test_a_never_rule_forbids_whatever_meets_it(rule: str, forbidden: bool) -> None:
    assert Rule.of(rule).forbids(http("https://a.example, https://internal.example")) is forbidden


def test_any_host_meets_every_host_that_is_forbidden() -> None:
    assert Rule.of("nexus.http hosts=internal.example").forbids(http("*"))
    assert Rule.of("nexus.http hosts=internal.example").forbids(http("*.example"))


def test_never_wins_over_always_and_always_over_the_mode() -> None:
    always, never = (Rule.of("nexus.fs root=data"),), (Rule.of("nexus.fs root=data"),)
    assert Policy("never", always).verdict(fs()) == "always"
    assert Policy("always", always, never).verdict(fs()) == "never"
    assert [Policy(mode).verdict(fs()) for mode in ("ask", "never", "always")] == ["ask", "never", "always"]


@pytest.mark.parametrize(
    "written",
    ["", "nexus.http hosts", "nexus.http =x", "nexus.fs root=a root=b", {"root": "a"}, 3, None, {"extension": "nexus.fs", "root": {}}],
)
def test_what_is_no_rule_is_refused(written: object) -> None:
    with pytest.raises(OptionError):
        Rule.of(written)


# --- words ----------------------------------------------------------------------------------------


def test_what_is_dangerous_is_marked_by_the_catalog() -> None:
    said = words_of(fs('root="data" mode="write"', WRITE + "; " + READ))
    assert [(a.label, a.dangerous) for a in said.abilities] == [("fs:read", False), ("fs:write", True)]
    assert [(s.label, s.text, s.dangerous) for s in said.scope] == [("root", "data", False), ("mode", "write", True)]
    assert [(s.text, s.dangerous) for s in words_of(http("*")).scope] == [("any", True)]
    assert [s.dangerous for s in words_of(http("https://a.example")).scope] == [False]


def test_what_could_deceive_is_spelled_out_and_marked() -> None:
    (scope,) = words_of(http("https://\u0430pi.example")).scope  # a Cyrillic letter
    assert scope.dangerous
    assert "\\u0430" in scope.text
    asked = fs('root="data"').model_copy(update={"options": {"root": "data\u202egnp.\u200b\U000e0041"}, "reason": "x\n" * 500})
    said = words_of(asked)
    assert all(c.isprintable() and c.isascii() for c in said.scope[0].text.replace("�", ""))
    assert len(said.reason) < 400
    assert "\n" not in said.reason


def test_what_is_too_long_to_be_looked_at_is_cut_and_marked() -> None:
    (many,) = words_of(http(", ".join(f"https://h{n}.example" for n in range(500)))).scope
    assert many.dangerous
    assert "480 more" in many.text
    (long,) = words_of(http("https://" + "a" * 5_000)).scope
    assert long.dangerous
    assert len(long.text) < 300


def test_the_difference_is_by_line_and_shows_every_character() -> None:
    said = diff_of("<A>\n<B>\n", "<A>\n<B\u202e>\n")
    assert said.startswith("--- allowed\n+++ present\n")
    assert "-<B>" in said
    assert "\u202e" not in said
    assert len(diff_of("", "x\n" * 100_000)) < 61_000


def test_the_folder_of_the_data_is_jupyters_unless_told(data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from jupyter_core.paths import jupyter_data_dir

    from nexus_jupyter.sandbox.data_folder import data_folder

    assert data_folder() == data
    monkeypatch.delenv("NEXUS_DATA_DIR")
    for name in ("JUPYTER_DATA_DIR", "XDG_DATA_HOME"):
        monkeypatch.delenv("JUPYTER_DATA_DIR", raising=False)
        monkeypatch.setenv(name, str(tmp_path / name))
        assert data_folder() == Path(jupyter_data_dir()) / "nexus"
