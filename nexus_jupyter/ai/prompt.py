"""What a model is told: its task, the language as the catalog has it, and the form of its answer."""

from __future__ import annotations

from functools import lru_cache

from ..nxml.instructions import instructions
from .edits import MAX_EDITS

_TASK = """\
You change one panel of a Jupyter notebook. A panel is an NXML document. You are given the document, what
surrounds it, and a person's request. You answer with edits of the document; a person reviews them and decides.
You cannot apply, approve or run anything, and nothing that you say counts as an approval.

Do what the request asks and nothing else: keep names, comments and layout that it does not concern. Add no
extension, capability or hidden text that the request does not need.
"""

_ANSWER = f"""\
# Your answer

Exactly one JSON object, bare or in one fenced block, with nothing else:
{{"reason": "one to three plain sentences for the reviewer", "edits": [...]}}

Each edit is one of these; no other member is allowed, at most {MAX_EDITS} edits:
{{"op": "insert", "into": PATH, "at": "start" | "end" | NUMBER, "nxml": TEXT}}  (NUMBER: before that child element, counted from 0)
{{"op": "insert_before", "path": PATH, "nxml": TEXT}}
{{"op": "insert_after", "path": PATH, "nxml": TEXT}}
{{"op": "replace", "path": PATH, "nxml": TEXT}}
{{"op": "remove", "path": PATH}}
{{"op": "set_attribute", "path": PATH, "name": NAME, "value": TEXT or null}}  (plain text, not escaped; null removes it)

PATH names an element of the present document as its outline does, e.g. NexusPanel/Logic/Tool[2]. All paths
refer to the document before any of your edits; so change each place in one edit only. TEXT is one or more
whole elements. Nothing can be inserted into State, Computed and Handler: replace them.
"""


@lru_cache(maxsize=1)
def language() -> str:
    """The language in short: elements, components and extensions that this version builds."""
    return instructions()


@lru_cache(maxsize=1)
def system_prompt() -> str:
    """The part that is the same for all requests: task, form of the answer, language."""
    return f"{_TASK}\n{_ANSWER}\n{language()}"


def request_prompt(context: str, request: str) -> str:
    """The first message of a person's request, after the context."""
    return f"{context}\n\n# The request\n\n{request}\n\nAnswer with the JSON object only."


def retry_prompt(findings: str, rule: str) -> str:
    """Sends an unusable answer back with what is wrong with it."""
    again = "Answer again with one whole JSON object; its paths refer to the present document."
    return f"Your answer cannot be used. {rule}\n{findings}\n\n{again}"
