"""What a diagnostic's code stands for: what is wanted, why, and the remedy."""

from __future__ import annotations

from .checks import RULES

# What the reader itself reports, before any rule looks at the document.
_FORM = {
    "UNCLOSED_TAG": (
        "What: every element, comment and CDATA section has its end.",
        "Why: it cannot be known where it was meant to end.  Remedy: close it, or end its tag with ``/>``.",
    ),
    "MISMATCHED_TAG": (
        "What: a closing tag closes the element that was opened last.",
        "Why: elements contain one another and never overlap.  Remedy: correct its name, or close what is still open before it.",
    ),
    "DUPLICATE_ATTRIBUTE": (
        "What: an element has an attribute once.",
        "Why: only the first would count.  Remedy: remove the others.",
    ),
    "UNTERMINATED_STRING": (
        "What: a value ends with the quotation mark that it starts with.",
        "Why: it would take the rest of the document with it, of which nothing else is reported.  Remedy: add the mark.",
    ),
    "UNTERMINATED_EXPRESSION": (
        "What: an expression in text ends with ``}``.",
        "Why: it cannot be known where the text goes on.  Remedy: add the brace; a brace that is text is written ``{{``.",
    ),
    "UNEXPECTED_CHARACTER": (
        'What: a tag holds attributes written ``name="value"``, and a document no character that is none.',
        "Why: what else stands there is skipped.  Remedy: remove it, or put the value in quotation marks.",
    ),
    "DOCTYPE_FORBIDDEN": (
        "What: there are no document types, processing instructions and entities of one's own.",
        "Why: they could make a document load others or grow without bounds.  Remedy: remove them.",
    ),
    "WRONG_ROOT": (
        "What: a document is one ``<NexusPanel>`` element.",
        "Why: without it nothing says that the text is a panel.  Remedy: put everything into ``<NexusPanel>``.",
    ),
    "ESCAPED_HANDLER": (
        "What: the code of a handler is written as it is, without entities such as ``&lt;``.",
        "Why: it is raw text; with entities it is harder to read and to edit.  Remedy: write the characters themselves.",
    ),
    "LIMIT_SOURCE": ("What: a document is at most 1,000,000 characters long.", "Remedy: keep data in Python and assign it to a state."),
    "LIMIT_DEPTH": ("What: at most 200 elements are open at one place.", "Remedy: flatten the view, or repeat with ``Iterate``."),
    "LIMIT_NODES": ("What: a document has at most 20,000 elements, texts and comments.", "Remedy: repeat with ``Iterate``."),
    "LIMIT_ATTRIBUTES": ("What: an element has at most 500 attributes.", "Remedy: split the element, or move data into state."),
    "LIMIT_HANDLER": ("What: a handler is at most 100,000 characters long.", "Remedy: split it into several tools."),
    "LIMIT_EXPRESSION": ("What: an expression is at most 4,000 characters long.", "Remedy: give its parts names with ``Computed``."),
    "LIMIT_DIAGNOSTICS": ("What: at most 1,000 problems are listed.", "Remedy: correct those, and read the document again."),
}


def explain(code: str) -> str:
    """What the code of a diagnostic stands for, in paragraphs; "" for a code that does not come from reading a document."""
    found = [rule.documentation for rule in RULES if code in rule.codes]
    return "\n\n".join(found or _FORM.get(code, ()))
