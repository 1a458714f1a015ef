"""For the reference: what the reader's own codes mean, and a document that gives each code."""

from __future__ import annotations

_STATE = '<State name="count" type="number"/>'


def _panel(inner: str) -> str:
    return f"<NexusPanel>{inner}</NexusPanel>"


def _data(inner: str) -> str:
    return _panel(f"<Data>{inner}</Data>")


def _view(inner: str) -> str:
    return _panel(f"<View>{inner}</View>")


def _logic(inner: str) -> str:
    return _panel(f"<Logic>{inner}</Logic>")


def _handler(code: str) -> str:
    return _logic(f'<Tool name="t" description="d"><Handler>{code}</Handler></Tool>')


def _limit(what: str) -> str:
    return f"What: {what}.  Why: reading takes bounded time and memory, whatever the document.  Remedy: make it smaller, or two of it."


# Codes that are given while the text is read, before any rule looks at the tree.
READER: dict[str, str] = {
    "UNCLOSED_TAG": "What: every element is closed.  Why: the document broke off.  Remedy: add the closing tag.",
    "MISMATCHED_TAG": "What: a closing tag closes the element that is open.  Why: it is unclear what belongs where.  "
    "Remedy: close what is open first, or correct the name.",
    "DUPLICATE_ATTRIBUTE": "What: an element has an attribute once.  Why: only one of the values can count.  Remedy: remove the others.",
    "UNTERMINATED_STRING": "What: an attribute's value ends with the quote that it starts with.  "
    "Why: all that follows would belong to it.  Remedy: add the quote.",
    "UNTERMINATED_EXPRESSION": "What: an expression ends with its brace.  Why: it is unclear what it is.  "
    "Remedy: add `}`, or write `{{` for a brace in text.",
    "UNEXPECTED_CHARACTER": "What: a tag holds names and attributes.  Why: anything else means nothing there.  Remedy: remove it.",
    "DOCTYPE_FORBIDDEN": "What: there are no document types, processing instructions and entities of one's own.  "
    "Why: they are never fetched and never expanded.  Remedy: remove them.",
    "ESCAPED_HANDLER": "What: a handler is raw text.  Why: `&lt;` is not needed there; it was decoded.  "
    "Remedy: write `<` and `&` themselves.",
    "LIMIT_SOURCE": _limit("a document has at most 1 MB"),
    "LIMIT_DEPTH": _limit("elements stand in each other at most 200 deep"),
    "LIMIT_NODES": _limit("a document has at most 20,000 nodes"),
    "LIMIT_ATTRIBUTES": _limit("an element has at most 500 attributes"),
    "LIMIT_HANDLER": _limit("a handler has at most 100 kB"),
    "LIMIT_EXPRESSION": _limit("an expression has at most 4 kB"),
    "LIMIT_DIAGNOSTICS": "What: only so many problems are listed.  Why: nobody reads thousands.  "
    "Remedy: correct those listed and read the document again.",
}

EXAMPLES: dict[str, str] = {
    "UNCLOSED_TAG": "<NexusPanel><Data>",
    "MISMATCHED_TAG": "<NexusPanel><View><Layout></View></NexusPanel>",
    "DUPLICATE_ATTRIBUTE": '<NexusPanel title="a" title="b"/>',
    "UNTERMINATED_STRING": '<NexusPanel title="a></NexusPanel>',
    "UNTERMINATED_EXPRESSION": _view("<Text>{$state.a</Text>"),
    "DOCTYPE_FORBIDDEN": "<!DOCTYPE x><NexusPanel/>",
    "ESCAPED_HANDLER": _handler("return 1 &lt; 2"),
    "WRONG_ROOT": "<Panel/>",
    "UNEXPECTED_TEXT": _data("hello"),
    "UNKNOWN_ELEMENT": _data('<Stat name="a" type="number"/>'),
    "MISPLACED_ELEMENT": _logic(_STATE),
    "DUPLICATE_SECTION": _panel("<Data/><Data/>"),
    "MISSING_ATTRIBUTE": _data('<State name="a"/>'),
    "INVALID_ATTRIBUTE": _data('<State name="a" type="number" min="low"/>'),
    "INVALID_IDENTIFIER": _data('<State name="1a" type="number"/>'),
    "INVALID_TYPE": _data('<State name="a" type="decimal"/>'),
    "INVALID_DEFAULT": _data('<State name="a" type="list" default="[1,"/>'),
    "INVALID_BIND": _panel(f'<Data>{_STATE}</Data><View><Input label="x" bind="$state.count + 1"/></View>'),
    "JS_SYNTAX": _handler("const a = ;"),
    "IMPURE_EXPRESSION": _panel(f"<Data>{_STATE}</Data><View><Text>{{$state.count += 1}}</Text></View>"),
    "FORBIDDEN_GLOBAL": _handler("await fetch('http://x')"),
    "DUPLICATE_STATE": _data(_STATE * 2),
    "DUPLICATE_TOOL": _logic('<Tool name="t" description="d"><Handler>return 1</Handler></Tool>' * 2),
    "DUPLICATE_ARG": _logic(
        '<Tool name="t" description="d"><Arg name="a" type="any"/><Arg name="a" type="any"/><Handler>return 1</Handler></Tool>'
    ),
    "DUPLICATE_VIEW_ID": _view('<Layout><Text id="a">1</Text><Text id="a">2</Text></Layout>'),
    "DUPLICATE_EXTENSION_ALIAS": _logic('<Extension name="nexus.http" alias="x" hosts="h"/><Extension name="nexus.python" alias="x"/>'),
    "DUPLICATE_LIFECYCLE": _logic('<Lifecycle on="mount"><Handler>$log(1)</Handler></Lifecycle>' * 2),
    "INVALID_LIFECYCLE": _logic('<Lifecycle on="mounted"><Handler>$log(1)</Handler></Lifecycle>'),
    "UNDEFINED_STATE_REFERENCE": _panel(f"<Data>{_STATE}</Data><View><Text>{{$state.cuont}}</Text></View>"),
    "UNDEFINED_TOOL_REFERENCE": _view('<Button label="x" trigger="go"/>'),
    "INVALID_SCOPE_REFERENCE": _view("<Text>{$scope.row.name}</Text>"),
    "UNDECLARED_EXTENSION": _handler("await $ext.http.get('x')"),
    "UNKNOWN_EXTENSION": _logic('<Extension name="nexus.htpp"/>'),
    "ARGUMENT_MISMATCH": _panel(
        '<Logic><Tool name="t" description="d"><Arg name="id" type="number"/><Handler>return $args.id</Handler></Tool></Logic>'
        '<View><Button trigger="t" args="{ key: 1 }">x</Button></View>'
    ),
    "COMPUTED_CYCLE": _data('<Computed name="a" value="$state.b"/><Computed name="b" value="$state.a"/>'),
    "ASSIGN_TO_COMPUTED": _panel(
        '<Data><Computed name="a" value="1"/></Data><Logic><Tool name="t" description="d"><Handler>$state.a = 2</Handler></Tool></Logic>'
    ),
    "MISSING_HANDLER": _logic('<Tool name="t" description="d"/>'),
    "UNKNOWN_COMPONENT": _view('<Buton label="x"/>'),
    "UNKNOWN_ATTRIBUTE": _view('<Text wieght="1">x</Text>'),
    "UNUSED_STATE": _panel(f"<Data>{_STATE}</Data><View><Text>x</Text></View>"),
    "UNUSED_TOOL": _panel('<Logic><Tool name="t"><Handler>return 1</Handler></Tool></Logic><View><Text>x</Text></View>'),
    "UNUSED_EXTENSION": _logic('<Extension name="nexus.python" alias="py"/>'),
    "UNKNOWN_NAME": _handler("consol.log(1)"),
    "EMPTY_HANDLER": _handler(""),
    "DANGEROUS_CAPABILITY": _logic('<Extension name="nexus.http" hosts="*"/>'),
    "MISSING_LABEL": _panel(f'<Data>{_STATE}</Data><View><Input bind="$state.count"/></View>'),
    "ALIAS": _data('<State name="a" type="array"/>'),
    "TOOL_WITHOUT_DESCRIPTION": _logic('<Tool name="t"><Handler>return 1</Handler></Tool>'),
    "MISSING_KEY": _view('<Iterate items="{[1, 2]}"><Text>x</Text></Iterate>'),
    "NOT_AVAILABLE": _handler("$view.setFilter('a', 1)"),
}
