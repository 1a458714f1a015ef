"""Documents to read: families that grow to any size, and random ones from a grammar, mutated.

Everything is made from a seed, so that a document that was slow or wrong can be made again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

from nexus_jupyter.nxml import Limits

# Lets a family of any size through to all checks.
NO_LIMITS = Limits(source=10**9, depth=10**9, nodes=10**9, attributes=10**9, handler=10**9, expression=10**9)


def _view(body: str) -> str:
    return f'<NexusPanel><Data><State name="a" type="any" /></Data><View><Layout>{body}</Layout></View></NexusPanel>'


def _times(unit: str, size: int) -> str:
    return unit * max(1, size // len(unit))


def _deep(size: int) -> str:
    n = max(1, size // 21)
    return _view("<Container>" * n + "</Container>" * n)


def _handlers(size: int) -> str:
    unit = "<Tool name='t{}' description='d'><Handler>for (const x of $state.a) {{ $state.a = x / 2 + `${{x}}`; }}</Handler></Tool>\n"
    tools = "".join(unit.format(n) for n in range(max(1, size // len(unit))))
    return f"<NexusPanel><Data><State name='a' type='any' /></Data><Logic>{tools}</Logic></NexusPanel>"


# Each gives a document of about so many characters.
FAMILIES: dict[str, Callable[[int], str]] = {
    "deep": _deep,
    "wide": lambda size: _view(_times("<Text>{$state.a} of it</Text>\n", size)),
    "one attribute": lambda size: _view('<Text content="' + _times("plain text {$state.a + 1} &amp; more\n", size) + '" />'),
    "unclosed tags": lambda size: _view(_times("<Container title='x'>", size)),
    "braces": lambda size: _view(f"<Text>{_times('{a{ } {{ }} {[`${x}`]} ', size)}</Text>"),
    "quotes": lambda size: _view(_times('<Text content="it\'s" tooltip=\'"\' id="a b="c />', size)),
    "entities": lambda size: _view(f"<Text>{_times('&lt;&#65;&#x41;&bogus;& &amp;amp; &#;', size)}</Text>"),
    "long lines": lambda size: _view(f"<Text>{_times('a line that never ends, with < and > and & in it ', size)}</Text>"),
    "comments": lambda size: _view(_times("<!-- not - - > yet <Text> -->", size)),
    "handlers": _handlers,
}

_NAMES = ("a", "b", "rows", "done", "x1", "näme", "class", "constructor", "$x", "1a", "")
_TYPES = ("string", "number", "boolean", "list", "object", "any", "frame", "array", "text", "")
_WORDS = ("total", "of", "ok", "é", "🙂", "&lt;", "&#125;", "&bogus;", "a < b", "{{", "}}", "]]>", "\t", "\r\n", "—")
_LITERALS = ("0", "1.5", "'s'", '"d"', "`t`", "`a ${$state.b} c`", "true", "null", "[]", "{ id: 1 }", "/}[/]/g", "x => x", "async () => {}")
_PLACES = (
    *("$state.a", "$state.rows", "$state.rows[0].id", "$state['b']", "$scope.item", "$event.value", "$args.a", "$state"),
    *("item", "Math.PI"),
)
_OPERATORS = (" + ", " && ", " < ", " / ", " ?? ", " === ", ", ", " in ", " = ", " ? 1 : ")
# § is an expression, or a handler's code
_STATEMENTS = (
    *("$state.a = §;", "const x = §;", "if (§) { $state.rows.push(§); }", "for (const r of §) $log(r);", "return §;"),
    *("await $ext.http.get(§);", "await $tools.go(§);", "$emit('toast', §);", "// § </Handle\n", "/* § */"),
    *("try { §; } catch { }", "function f(a = §) { return a; }", "fetch(§);", "} § {"),
)
_HANDLERS = ("<Handler>§</Handler>", "<Handler><![CDATA[§]]></Handler>", "<Handler timeout='5s' atomic>\n§\n", "§")
_RIGHT_STATEMENTS = (
    *("$state.rows.push(1);", "$state.a = $state.a + 1;", "for (const r of $state.rows) { $log(`${r}`); }", "if ($state.a < 3) return 1;"),
    *("// { not < code </a>", "const s = /[/]}/.test('}');", "$emit('toast', { text: 'x' });", "await $tools.go({ n: 1 });"),
)
_RIGHT_ELEMENTS = (
    *("<Text>{$state.a} of {$state.rows.length}</Text>", "<Text variant='caption' content='it&apos;s {{ok}}' />", "<!-- c -->"),
    *('<Metric label="A" value="{$state.a}" />', "<Markdown>\n  # a\n\n  b {$state.b}\n</Markdown>", '<Button trigger="go">Go</Button>'),
    *('<Input bind="$state.b" label="B" />', '<Button label="é" trigger="go" args="{ n: $state.a }" hidden="{$state.a > 3}" />'),
    *(
        '<If condition="$state.a > 1"><Text>a</Text><Else><Text>b</Text></Else></If>',
        "<Text>🙂 &lt;\t{$state.b ? `a ${$state.b}` : ''}</Text>",
    ),
    *('<Iterate items="{$state.rows}" as="row" key="{$scope.row}"><Text>{$scope.row}</Text></Iterate>', '<Table data="{$state.rows}" />'),
)
_COMPONENTS = (
    *("Layout", "Container", "Text", "Markdown", "Metric", "Button", "Input", "Table"),
    *("Iterate", "If", "Else", "Empty", "Tabs", "Tab"),
)
_STRANGE = ("Buton", "div", "script", "NexusPanel", "State", "Text", "View", "x:y")
_ATTRIBUTES = (
    *('id="i{w}"', 'class="c"', 'title="{t}"', "content='{t}'", 'label="{t}"', "hidden", 'hidden="{{{e}}}"', 'bind="{e}"'),
    *('items="{e}"', 'as="item"', 'key="id"', 'condition="{e}"', 'trigger="go"', 'args="{{ id: {e} }}"', 'on:press="go"'),
    *("style='color: red'", "content={{{e}}}", "gap=md", 'colSpan="13"', 'title="{w}', "onClick={{() => go()}}", 'unknown="{w}"'),
    *("=", '"', "data='{t}'"),
)
_HOSTILE = (
    *("<", ">", "</", "/>", "{", "}", "{{", '"', "'", "`", "${", "/*", "*/", "//", "\0", "\ud800", "<!--", "-->", "<![CDATA["),
    *("]]>", "<?x", "&#", "<!DOCTYPE a [<!ENTITY b 'c'>]>", "</Handler>", "<Handler>", "</View>", "<View>", "<State "),
    *("<Text>{'", "</NexusPanel>", "\u2028", "&lt;", "{$state.a.map(x => { return `${x}` })}", "<Text " * 9, "(((((((("),
    *("[" * 40, "=" * 30, "{" * 30, "</a>" * 9, "\\u{110000}", "\ufeff", "=>"),
)


class Grammar:
    """Documents like those that people and models write; equal seeds give equal documents.

    Half of them start out right, the others hold all that can go wrong.
    """

    def __init__(self, seed: int) -> None:
        self._chance = Random(seed)

    def documents(self, number: int) -> Iterator[str]:
        """So many of them; four in five are mutated."""
        for _ in range(number):
            document = self.document()
            yield self.mutated(document) if self._chance.random() < 0.8 else document

    def document(self) -> str:
        """About 300 to 1,500 characters."""
        chance = self._chance
        if chance.random() < 0.5:
            return self._right()
        sections = [
            f"<Data>{self._some(self._item, 4)}</Data>",
            f"<Logic>{self._some(self._logic, 2)}</Logic>",
            f"<View>{self._element(0)}</View>",
        ]
        if chance.random() < 0.2:
            chance.shuffle(sections)
        prolog = chance.choice(("", "", "", "<?xml version='1.0'?>\n", "<!-- c -->", "\ufeff", "<!DOCTYPE x>"))
        inside = "\n  ".join(sections)
        return f'{prolog}<NexusPanel id="p" title="{self._text()}">\n  {inside}\n</NexusPanel>\n'

    def _right(self) -> str:
        chance = self._chance
        code = "\n      ".join(chance.choices(_RIGHT_STATEMENTS, k=chance.randrange(1, 5)))
        box = chance.choice(('Layout strategy="row" gap="sm"', 'Container title="C {$state.a}"', "Layout"))
        view = "\n      ".join(chance.choices(_RIGHT_ELEMENTS, k=chance.randrange(1, 7)))
        return (
            f'<NexusPanel id="p" title="Right">\n  <Data>\n    <State name="a" type="number" default="{chance.randrange(9)}" />\n'
            '    <State name="b" type="string">text</State>\n    <State name="rows" type="list" default="[1, 2]" />\n'
            '    <Computed name="double" value="$state.a * 2" />\n  </Data>\n  <Logic>\n    <Tool name="go" description="does it">\n'
            f'      <Arg name="n" type="number" default="1" />\n      <Handler>\n      {code}\n      </Handler>\n    </Tool>\n  </Logic>\n'
            f"  <View>\n    <{box}>\n      {view}\n    </{box.split()[0]}>\n  </View>\n</NexusPanel>\n"
        )

    def mutated(self, document: str) -> str:
        """``document`` with one to four pieces deleted, doubled, swapped, moved or put in, or cut off."""
        chance = self._chance
        for _ in range(chance.randrange(1, 5)):
            at = chance.randrange(len(document) + 1)
            to = min(len(document), at + int(chance.expovariate(0.1)))
            piece = document[at:to]
            kind = chance.randrange(7)
            if kind == 0:
                document = document[:at] + document[to:]
            elif kind == 1:
                document = document[:to] + piece + document[to:]
            elif kind == 2:
                other = chance.randrange(len(document) + 1)
                document = document[:other] + piece + document[other:]
            elif kind == 3:
                document = document[:at] + piece[::-1] + document[to:]
            elif kind == 4 and chance.random() < 0.3:
                document = document[:at]
            else:
                document = document[:at] + chance.choice(_HOSTILE) + document[at:]
        return document

    def _some(self, make: Callable[[], str], most: int) -> str:
        return "\n    ".join(make() for _ in range(self._chance.randrange(most + 1)))

    def _expression(self) -> str:
        chance = self._chance
        parts = [chance.choice(_PLACES if chance.random() < 0.6 else _LITERALS)]
        while chance.random() < 0.4:
            parts += chance.choice(_OPERATORS), chance.choice(_PLACES if chance.random() < 0.6 else _LITERALS)
        text = "".join(parts)
        return chance.choice(("({})", "[{}]", "f({})", "!{}")).format(text) if chance.random() < 0.2 else text

    def _text(self) -> str:
        chance = self._chance
        parts: list[str] = []
        for _ in range(chance.randrange(1, 4)):
            parts.append(chance.choice(_WORDS) if chance.random() < 0.7 else f"{{{self._expression()}}}")
        return " ".join(parts)

    def _attribute(self) -> str:
        return self._chance.choice(_ATTRIBUTES).format(w=self._chance.choice(_NAMES), t=self._text(), e=self._expression())

    def _item(self) -> str:
        chance = self._chance
        name, kind = chance.choice(_NAMES), chance.choice(_TYPES)
        return chance.choice(
            (
                f'<State name="{name}" type="{kind}" />',
                f"<State name='{name}' type='{kind}' default='{chance.choice(('0', '[]', '{}', '{1 + 1}', 'x', 'null'))}' min='1' />",
                f'<State name="{name}" type="list">[1, 2]</State>',
                f'<State name="{name}" type="{kind}" default="x">',
                f'<Computed name="{name}" value="{self._expression()}" />',
                f"<Computed name='{name}'>{self._expression()}</Computed>",
                f'<state name="{name}" />',
            )
        )

    def _logic(self) -> str:
        chance = self._chance
        code = "\n      ".join(chance.choice(_STATEMENTS).replace("§", self._expression()) for _ in range(chance.randrange(4)))
        handler = chance.choice(_HANDLERS).replace("§", code)
        return chance.choice(
            (
                f'<Tool name="go" description="d"><Arg name="a" type="any" />{handler}</Tool>',
                f'<Tool name="{chance.choice(_NAMES)}">{handler}</Tool>',
                f'<Lifecycle on="{chance.choice(("mount", "interval", "change", "never"))}" every="1s">{handler}</Lifecycle>',
                '<Extension name="nexus.http" hosts="*" />',
            )
        )

    def _element(self, depth: int) -> str:
        chance = self._chance
        name = chance.choice(_COMPONENTS if chance.random() < 0.93 else _STRANGE)
        attributes = "".join(f" {self._attribute()}" for _ in range(chance.randrange(4)))
        if chance.random() < 0.15:
            return f"<{name}{attributes} />"
        children = (
            [self._element(depth + 1) for _ in range(chance.randrange(4))] if depth < 4 and chance.random() < 0.8 - depth * 0.15 else []
        )
        inside = "\n".join(children) if children else self._text() if chance.random() < 0.7 else "<![CDATA[{a} &lt;]]><!-- -->"
        close = f"</{name}>" if chance.random() < 0.96 else chance.choice(("", f"</{name.lower()}>", f"</{name}", "</Other>"))
        return f"<{name}{attributes}>{inside}{close}"
