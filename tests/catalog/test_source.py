"""The YAML files are the source: what is wrong with them is told with file, entry and field."""

from __future__ import annotations

from pathlib import Path

import pytest

from nexus_jupyter.catalog.checking import CatalogError, Problem
from nexus_jupyter.catalog.source import read_source

FILES = {
    "components/common.yaml": """\
props:
  - {name: id, type: string, description: Its name., aliases: [identity]}
  - {name: hidden, type: boolean, default: false, description: Left out.}
  - {name: ariaLabel, type: string, description: Its spoken name.}
styles: [color, margin]
""",
    "components/all.yaml": """\
- name: Box
  group: layout
  available: true
  description: Holds others.
  accessibility: A group.
  children: components
  only: [Field]
  span: 12
  props:
    - {name: look, type: enum, enum: [plain, framed], default: plain, description: How it looks.}
  example: <Box><Field label="a" /></Box>
- name: Field
  group: input
  available: true
  description: A number.
  accessibility: Needs a label.
  content: label
  within: [Box]
  bind: number
  span: 6
  needs: [bind]
  one_of: [[rows, label]]
  label: [label, ariaLabel]
  main: change
  props:
    - {name: label, type: string, default: "", description: Its name.}
    - {name: rows, type: integer, min: 1, max: 9, default: 3, description: Its lines.}
    - {name: rest, type: duration, default: 150, description: Its rest.}
    - {name: share, type: number, default: 0.5, description: Its share.}
    - {name: options, type: list, default: [], description: Its choices.}
    - {name: data, type: object, required: true, description: Its data.}
    - {name: more, type: any, default: 1, description: Anything.}
  events:
    - {name: change, description: It was changed., detail: {value: number}}
    - {name: leave, description: It was left., detail: {}}
  example: <Box><Field label="a" /></Box>
""",
    "extensions/nexus.mail.yaml": """\
name: nexus.mail
available: false
description: Letters.
example: <Extension name="nexus.mail" to="a" />
capabilities:
  - {name: "mail:send", description: Send one., dangerous: true}
  - {name: "mail:read", description: Read one.}
options:
  - {name: to, type: list, description: Who may get one., dangerous: ["*"]}
  - {name: mode, type: enum, enum: [slow, fast], default: slow, description: How it goes., dangerous: [fast]}
  - {name: timeout, type: duration, default: 10s, description: How long it may take.}
  - {name: count, type: number, default: 3, description: How many.}
methods:
  - name: send
    capability: "mail:send"
    description: Sends one.
    params:
      - {name: text, type: string, description: What it says.}
      - name: options
        type: object
        required: false
        description: How it goes.
        members:
          - {name: urgent, type: boolean, default: false, description: Whether it hurries.}
          - {name: copies, type: number, description: How many.}
      - {name: place, type: string, required: false, default: "here", description: From where.}
    returns: Nothing.
    example: await $ext.mail.send("a");
""",
    "extensions/nexus.own.yaml": """\
name: nexus.own
available: true
description: Functions.
dynamic: true
example: <Extension name="nexus.own" />
capabilities:
  - {name: "own:call", description: Call one.}
options: []
methods: []
""",
    "language/api.yaml": """\
- name: $state
  signature: $state.NAME
  places: [handler]
  description: The states.
  members:
    - {name: get, signature: get(), description: Gets one.}
    - {name: set, signature: set(), description: Sets one.}
""",
    "language/globals.yaml": """\
standard: [Object, Array]
forbidden: {fetch: ask Python, eval: write it}
""",
}


def written(folder: Path, **changes: tuple[str, str]) -> Path:
    """The small catalog in ``folder``; of each file named, one text is replaced by another."""
    for name, text in FILES.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text, encoding="utf-8")
    for name, (old, new) in changes.items():
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


def problems(folder: Path) -> list[str]:
    with pytest.raises(CatalogError) as caught:
        read_source(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_sound_catalog_is_read(tmp_path: Path) -> None:
    made = read_source(written(tmp_path))
    assert list(made.components) == ["Box", "Field"]
    assert list(made.extensions) == ["nexus.mail", "nexus.own"]
    assert made.aliases == {"identity": "id"}
    assert made.styles == ("color", "margin")
    assert made.extensions["nexus.mail"].methods[0].signature == "send(text, options?, place?)"


def test_the_shipped_catalog_is_sound() -> None:
    assert read_source().components


ALL, COMMON, MAIL, OWN = "components/all.yaml", "components/common.yaml", "extensions/nexus.mail.yaml", "extensions/nexus.own.yaml"
API, GLOBALS = "language/api.yaml", "language/globals.yaml"

DAMAGED = [
    # the shape of the files
    (ALL, "- name: Box", "- name: [", "is not readable: expected ',' or ']', but got ':' in line 3"),
    (ALL, "  span: 12", "  span: 12\n  span: 11", "is not readable: 'span' is given twice in line 9"),
    (COMMON, "styles: [color, margin]", "styles: [color, 1]", "styles must be a list of texts"),
    (COMMON, "styles: [color, margin]", "styles: 7", "styles must be a list"),
    (COMMON, "styles: [color, margin]", "styles: []\nmore: 1", "more is no member of this file"),
    (GLOBALS, "forbidden: {fetch: ask Python, eval: write it}", "forbidden: {fetch: 1}", "forbidden must give a text for each name"),
    (GLOBALS, "forbidden: {fetch: ask Python, eval: write it}", "forbidden: []", "forbidden must give a text for each name"),
    # the shape of entries
    (ALL, "  span: 12", "  span: 12\n  colour: red", "Box.colour is no field of such an entry"),
    (ALL, "  span: 12\n", "", "Box.span is missing"),
    (ALL, "group: layout", "group: decor", "Box.group is wrong: input should be 'layout'"),
    (ALL, "{name: rows, type: integer", "{name: rows, type: whole", "Field.props.rows.type is wrong: input should be"),
    (ALL, "description: Its name.}", "descripton: Its name.}", "Field.props.label.descripton is no field of such an entry"),
    (ALL, "- name: Box\n", "- title: Box\n", "entry 1.name is missing"),
    (ALL, "- name: Field", "- name: Box", "Box.name is there twice; first in components/all.yaml"),
    (API, "places: [handler]", "places: [page]", "$state.places.0 is wrong"),
    (OWN, "name: nexus.own", "name: nexus.mail", "nexus.mail.name is there twice; first in extensions/nexus.mail.yaml"),
    # what is common
    (COMMON, "name: hidden", "name: Hidden", "Hidden.name must be letters and digits, a small letter first"),
    (COMMON, "[identity]", "[hidden]", "id.aliases holds 'hidden', which is an attribute itself"),
    (COMMON, "[identity]", "[bind]", "id.aliases holds 'bind', which is an attribute itself"),
    (
        COMMON,
        "description: Left out.",
        "description: d, aliases: [identity]",
        "hidden.aliases holds 'identity', which stands for id already",
    ),
    # components
    (ALL, "- name: Box", "- name: box", "box.name must be letters and digits, a capital letter first"),
    (ALL, "description: Holds others.", 'description: ""', "Box.description is empty"),
    (ALL, "accessibility: A group.", 'accessibility: " "', "Box.accessibility is empty"),
    (ALL, "description: How it looks.", 'description: ""', "Box.props.look.description is empty"),
    (ALL, "name: rest", "name: rows", "Field.props.rows is there twice"),
    (ALL, "name: rest", "name: hidden", "Field.props.hidden is what every component takes"),
    (ALL, "name: rest", "name: identity", "Field.props.identity is what every component takes"),
    (ALL, "name: rest", "name: bind", "Field.props.bind is what every component takes"),
    (ALL, "description: Its rest.", "description: d, aliases: [pause]", "Field.props.rest.aliases belongs to what every component takes"),
    (ALL, "content: label", "content: text", "Field.content names 'text', which is no property of it"),
    (ALL, "content: label", "content: label\n  children: components", "Field.content goes with no children"),
    (ALL, "span: 6", "span: 13", "Field.span must be from 1 to 12"),
    (ALL, "only: [Field]", "only: [Fields]", "Box.only names the unknown component 'Fields'"),
    (ALL, "within: [Box]", "within: [Bag]", "Field.within names the unknown component 'Bag'"),
    (ALL, "only: [Field]", "only: [Box]", "Field.within names 'Box', which does not hold it"),
    (ALL, "within: [Box]", "within: [Field]", "Field.within names 'Field', which does not hold it"),
    (COMMON, "[color, margin]", "[color, color]", "common.yaml: styles.color is there twice"),
    (GLOBALS, "[Object, Array]", "[Array, Array]", "globals.yaml: standard.Array is there twice"),
    (ALL, "  children: components\n", "", "Box.only has no meaning: it holds no components"),
    (ALL, "needs: [bind]", "needs: [trigger]", "Field.needs names the unknown attribute 'trigger'"),
    (ALL, "  bind: number\n", "", "Field.needs names the unknown attribute 'bind'"),
    (ALL, "one_of: [[rows, label]]", "one_of: [[rows, lines]]", "Field.one_of names the unknown attribute 'lines'"),
    (ALL, "label: [label, ariaLabel]", "label: [title]", "Field.label names the unknown attribute 'title'"),
    (ALL, "main: change", "main: press", "Field.main names the unknown event 'press'"),
    (ALL, "name: leave", "name: change", "Field.events.change is there twice"),
    (ALL, "name: leave", "name: on-leave", "Field.events.on-leave.name must be letters and digits, a small letter first"),
    (ALL, "description: It was left.", 'description: ""', "Field.events.leave.description is empty"),
    (ALL, 'example: <Box><Field label="a" /></Box>', 'example: <Field label="a" />', "Box.example does not contain <Box>"),
    (ALL, 'example: <Box><Field label="a" /></Box>', "example: <Box><Fold /></Box>", "Box.example contains <Fold>, which is no component"),
    # types, defaults, ranges
    (ALL, "type: enum, enum: [plain, framed], default: plain", "type: enum", "Box.props.look.enum belongs to the type enum"),
    (ALL, "type: enum, enum: [plain, framed]", "type: string, enum: [plain]", "Box.props.look.enum belongs to the type enum"),
    (ALL, "[plain, framed]", "[plain, plain]", "Box.props.look.enum holds a value twice"),
    (ALL, "default: plain", "default: round", "Box.props.look.default 'round' is not in its enum"),
    (ALL, 'type: string, default: ""', "type: string, default: 1", "Field.props.label.default 1 is no string"),
    (ALL, "default: 3", "default: true", "Field.props.rows.default True is no integer"),
    (ALL, "default: 3", "default: 10", "Field.props.rows.default 10 is outside its range"),
    (ALL, "default: 3", "default: 0", "Field.props.rows.default 0 is outside its range"),
    (ALL, "min: 1", "min: 10", "Field.props.rows.min is larger than max"),
    (ALL, "default: 150", "default: 150ms", "Field.props.rest.default '150ms' is no duration"),
    (ALL, "default: 150", "default: -1", "Field.props.rest.default -1 is outside its range"),
    (ALL, "default: 150", "default: 150, min: 1", "Field.props.rest.min belongs to numbers, not to duration"),
    (ALL, "default: 150", "default: 150, max: 1", "Field.props.rest.max belongs to numbers, not to duration"),
    (ALL, "default: 0.5", "default: half", "Field.props.share.default 'half' is no number"),
    (ALL, "default: []", "default: {}", "Field.props.options.default {} is no list"),
    (ALL, "required: true", "required: true, default: {}", "Field.props.data.default has no use: the property is required"),
    (COMMON, "default: false", "default: 0", "hidden.default 0 is no boolean"),
    # extensions
    (MAIL, "name: nexus.mail", "name: mail", "mail.name must be written nexus.name"),
    (MAIL, "description: Letters.", 'description: ""', "nexus.mail.description is empty"),
    (MAIL, '<Extension name="nexus.mail" to="a" />', "<Extension />", 'nexus.mail.example does not contain <Extension name="nexus.mail"'),
    (MAIL, '"mail:read"', '"mail:send"', "nexus.mail.capabilities.mail:send is there twice"),
    (MAIL, '"mail:read"', "read", "nexus.mail.capabilities.read.name must be written kind:verb"),
    (MAIL, "description: Read one.", 'description: ""', "nexus.mail.capabilities.mail:read.description is empty"),
    (OWN, "own:call", "mail:send", "nexus.own.capabilities.mail:send belongs to nexus.mail already"),
    (OWN, "dynamic: true", "dynamic: false", "nexus.own.methods must be listed, unless Python hands them over (dynamic)"),
    (MAIL, "name: mode", "name: to", "nexus.mail.options.to is there twice"),
    (MAIL, "name: mode", "name: alias", "nexus.mail.options.alias.name must be letters and digits, a small letter first, and not"),
    (MAIL, "description: How it goes., dangerous", 'description: "", dangerous', "nexus.mail.options.mode.description is empty"),
    (MAIL, "type: enum, enum: [slow, fast]", "type: string, enum: [slow, fast]", "nexus.mail.options.mode.enum belongs to the type enum"),
    (MAIL, "default: slow", "default: still", "nexus.mail.options.mode.default 'still' is no enum that the option takes"),
    (MAIL, "default: 10s", "default: 10", "nexus.mail.options.timeout.default 10 is no duration that the option takes"),
    (MAIL, "default: 10s", "default: soon", "nexus.mail.options.timeout.default 'soon' is no duration that the option takes"),
    (MAIL, "default: 3", "default: three", "nexus.mail.options.count.default 'three' is no number that the option takes"),
    (MAIL, "dangerous: [fast]", "dangerous: [loud]", "nexus.mail.options.mode.dangerous holds 'loud', which the enum does not"),
    # methods
    (MAIL, "name: send", "name: Send", "nexus.mail.methods.Send.name must be letters and digits, a small letter first"),
    (MAIL, 'capability: "mail:send"', 'capability: "mail:burn"', "nexus.mail.methods.send.capability names 'mail:burn'"),
    (MAIL, "description: Sends one.", 'description: ""', "nexus.mail.methods.send.description is empty"),
    (MAIL, "returns: Nothing.", 'returns: ""', "nexus.mail.methods.send.returns is empty"),
    (MAIL, "await $ext.mail.send(", "await $ext.mail.post(", "nexus.mail.methods.send.example does not call send"),
    (MAIL, "name: place", "name: text", "nexus.mail.methods.send.params.text is there twice"),
    (MAIL, "name: place", "name: The", "nexus.mail.methods.send.params.The.name must be letters and digits"),
    (MAIL, "description: From where.", 'description: ""', "nexus.mail.methods.send.params.place.description is empty"),
    (MAIL, 'required: false, default: "here"', "required: true", "nexus.mail.methods.send.params.place.required is true after a parameter"),
    (MAIL, 'default: "here"', "default: 1", "nexus.mail.methods.send.params.place.default 1 is no string"),
    (
        MAIL,
        "description: What it says.",
        "description: d, default: x",
        "nexus.mail.methods.send.params.text.default has no use: it is required",
    ),
    (MAIL, "type: object", "type: any", "nexus.mail.methods.send.params.options.members belongs to the type object, not to any"),
    (MAIL, "name: copies", "name: urgent", "nexus.mail.methods.send.params.options.members.urgent is there twice"),
    (MAIL, "description: How many.}\n      -", 'description: ""}\n      -', "params.options.members.copies.description is empty"),
    (MAIL, "default: false", "default: 0", "nexus.mail.methods.send.params.options.members.urgent.default 0 is no boolean"),
    # names of the sandbox
    (API, "name: $state", "name: State!", "State!.name must be a name such as $state or console"),
    (API, "description: The states.", 'description: ""', "$state.description is empty"),
    (API, "description: Sets one.", 'description: ""', "$state.members.set.description is empty"),
    (API, "name: set", "name: get", "$state.members.get is there twice"),
    (API, "places: [handler]", "places: []", "$state.places must name a place"),
    (API, "name: $state", "name: fetch", "fetch.name is among the globals, too"),
    (GLOBALS, "eval: write it", 'eval: ""', "forbidden.eval must say what to use instead"),
    (GLOBALS, "eval: write it", "Array: use a list", "forbidden.Array exists, so it cannot be forbidden"),
]


@pytest.mark.parametrize(("file", "old", "new", "expected"), DAMAGED, ids=[f"{n}-{d[3][:50]}" for n, d in enumerate(DAMAGED)])
def test_what_is_wrong_is_told_with_its_place(file: str, old: str, new: str, expected: str, tmp_path: Path) -> None:
    found = problems(written(tmp_path, **{file: (old, new)}))
    assert any(expected in problem and problem.startswith(file) for problem in found), found


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    folder = written(tmp_path, **{ALL: ("span: 6", "span: 13"), MAIL: ("returns: Nothing.", 'returns: ""')})
    with pytest.raises(CatalogError, match=r"the catalog is damaged:\ncomponents/all.yaml: Field.span must .*\nextensions/nexus.mail"):
        read_source(folder)
    assert len(problems(folder)) == 2


def test_an_unreadable_file_is_told_once_and_hides_no_other(tmp_path: Path) -> None:
    folder = written(tmp_path, **{ALL: ("- name: Box", "- name: ["), COMMON: ("styles: [color, margin]", "styles: 7")})
    assert len(problems(folder)) == 2


@pytest.mark.parametrize(
    ("file", "text", "expected"),
    [
        (ALL, "7", "components/all.yaml must be a list"),
        (COMMON, "[]", "components/common.yaml must have the members props and styles"),
        (API, "- 7", "language/api.yaml: entry 1 is wrong: input should be a valid dictionary or instance of ApiEntry"),
        (MAIL, "a: b\n\tc: d", "extensions/nexus.mail.yaml is not readable: found character '\\t' that cannot start any token in line 2"),
    ],
)
def test_a_file_that_holds_something_else_is_told(file: str, text: str, expected: str, tmp_path: Path) -> None:
    folder = written(tmp_path)
    (folder / file).write_text(text, encoding="utf-8")
    assert expected in problems(folder)


def test_a_problem_without_entry_names_its_field() -> None:
    assert str(Problem("a.yaml", "", "styles", "must be a list")) == "a.yaml: styles must be a list"
