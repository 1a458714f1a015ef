"""From a request to a changed document that was tried: at most a few rounds with the model."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from ..diagnostics import Diagnostic, errors_of
from ..errors import NexusError
from ..nxml import load_program, read
from ..protocol.bridge import TriedDocument
from ..protocol.identity import document_hash
from ..protocol.proposal import DryRun
from .context import Context
from .edits import MAX_BYTES, MAX_EDITS, Edit, EditError, apply_edits
from .fence import Fence, one_line, shown
from .prompt import request_prompt, retry_prompt, system_prompt
from .provider import ChatMessage, Provider

MAX_ANSWER = 2 * MAX_BYTES
MAX_REQUEST = 20_000
TOTAL_SECONDS = 300.0
_LISTED = 20
_QUOTED = 8_000

Check = Callable[[str], Awaitable[TriedDocument]]
Progress = Callable[[str, int], object]


class GenerationError(NexusError):
    """No usable change came of it.  Codes: AI_NO_CHANGE_FOUND (all rounds used), AI_TIMEOUT, AI_ANSWER_TOO_LONG."""

    code = "AI_NO_CHANGE_FOUND"


class Answer(BaseModel):
    """What a model has to answer."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    reason: Annotated[str, Field(min_length=1, max_length=4_000)]
    edits: Annotated[list[Edit], Field(min_length=1, max_length=MAX_EDITS)]


@dataclass(frozen=True, slots=True)
class Generated:
    """A changed document and how it came about.  ``diagnostics`` are warnings; ``rounds`` counts answers."""

    source: str
    reason: str
    edits: tuple[Edit, ...]
    diagnostics: tuple[Diagnostic, ...]
    dry_run: DryRun | None
    rounds: int


class _Unusable(Exception):
    """Why an answer cannot be used, for the model (``findings``) and in short for the person (``phase``)."""

    def __init__(self, phase: str, findings: str) -> None:
        super().__init__(phase)
        self.phase = phase
        self.findings = findings


class AIPatchGenerator:
    """Asks ``provider`` for edits of a document until they can be used, at most ``rounds`` times.

    ``timeout`` is for everything together, in seconds.  Cancelling the awaiting task ends it.
    """

    def __init__(self, provider: Provider, *, rounds: int = 3, timeout: float = TOTAL_SECONDS) -> None:
        if rounds < 1:
            raise ValueError("there is at least one round")
        self._provider = provider
        self._rounds = rounds
        self._timeout = timeout

    async def generate(
        self, *, source: str, context: Context, request: str, check: Check, progress: Progress = lambda phase, round: None
    ) -> Generated:
        """The change of ``source`` that the model makes of ``request``.

        ``check`` tries a document that reads without errors (``TryDocument``); what it raises is raised here.
        ``progress`` gets sentences for the person who waits, and the round.

        Raises GenerationError: see its codes.  ProviderError: the model could not be asked.
        """
        if len(request) > MAX_REQUEST:
            raise GenerationError(
                f"the request is longer than {MAX_REQUEST} characters.", hint="Say it shorter.", code="AI_REQUEST_TOO_LONG"
            )
        try:
            async with asyncio.timeout(self._timeout):
                return await self._rounds_of(source, context, request, check, progress)
        except TimeoutError:
            raise GenerationError(
                f"the AI did not come to an end within {self._timeout:g} seconds.", hint="Try again, or ask for less.", code="AI_TIMEOUT"
            ) from None

    async def _rounds_of(self, source: str, context: Context, request: str, check: Check, progress: Progress) -> Generated:
        messages = [ChatMessage("system", system_prompt()), ChatMessage("user", request_prompt(context.text, request))]
        phase = ""
        for round in range(1, self._rounds + 1):
            progress(
                "The AI is thinking." if round == 1 else f"The answer cannot be used: {phase} The AI tries again.",
                round,
            )
            text = await self._ask(messages, round, progress)
            try:
                return await self._use(text, source, check, round, progress)
            except _Unusable as unusable:
                phase = unusable.phase
                fence = Fence([unusable.findings, text])
                messages += [
                    ChatMessage("assistant", text[:_QUOTED]),
                    ChatMessage("user", retry_prompt(fence.block("findings", unusable.findings), fence.rule)),
                ]
        raise GenerationError(
            f"the AI gave no usable change in {self._rounds} round{'s' if self._rounds > 1 else ''}. The last answer: {phase}",
            hint="Say more precisely what to change, or use another model.",
        )

    async def _ask(self, messages: Sequence[ChatMessage], round: int, progress: Progress) -> str:
        size = 0
        told = 0

        def on_text(piece: str) -> None:
            nonlocal size, told
            size += len(piece)
            if size > MAX_ANSWER:
                raise GenerationError("the AI's answer is far too long.", hint="Ask for less at once.", code="AI_ANSWER_TOO_LONG")
            if size - told >= 1_000:
                told = size
                progress(f"The AI is answering ({size:,} characters so far).", round)

        text = await self._provider.answer(messages, on_text=on_text)
        if len(text) > MAX_ANSWER:
            raise GenerationError("the AI's answer is far too long.", hint="Ask for less at once.", code="AI_ANSWER_TOO_LONG")
        return text

    async def _use(self, text: str, source: str, check: Check, round: int, progress: Progress) -> Generated:
        answer = parse_answer(text)
        progress("The change is being checked.", round)
        try:
            changed = await asyncio.to_thread(apply_edits, source, answer.edits)
        except EditError as error:
            raise _Unusable(_sentence(one_line(error.message)), shown(str(error))) from None
        if document_hash(changed) == document_hash(source):
            raise _Unusable("It changes nothing.", "The edits leave the document as it is.")
        reading = await asyncio.to_thread(read, changed)
        if not reading.ok:
            raise _faulty(changed, reading.diagnostics)
        if await asyncio.to_thread(_identity, changed) != await asyncio.to_thread(_identity, source):
            # what is approved here would replace this panel, and running its cell again would make another one
            what = "It changes the panel's own id."
            raise _Unusable(what, f"{what} Leave the attribute id of NexusPanel as it is.")
        progress("The change is being tried in a copy of the panel.", round)
        tried = await check(changed)
        if errors_of(tried.diagnostics) or tried.dry_run is None:
            raise _faulty(changed, tried.diagnostics)
        return Generated(changed, answer.reason, tuple(answer.edits), tried.diagnostics, tried.dry_run, round)


_OPENING = re.compile(r"[ \t]*```[a-zA-Z]*[ \t]*")
_CLOSING = re.compile(r"[ \t]*```[ \t]*")


def parse_answer(text: str) -> Answer:
    """The one JSON object of an answer, bare or in one fenced block."""
    body = text.strip()
    if not body.startswith("{"):
        blocks = _fenced(body)
        if len(blocks) != 1:
            what = "It holds no JSON object." if not blocks else "It holds several blocks; there must be one."
            raise _Unusable(what, what)
        body = blocks[0]
    try:
        data = json.loads(body, object_pairs_hook=_once, parse_constant=_no_number)
    except RecursionError:
        raise _Unusable("It is nested too deeply.", "The JSON is nested too deeply.") from None
    except ValueError as error:
        raise _Unusable("It is no proper JSON.", shown(f"The answer is no proper JSON: {error}")) from None
    try:
        return Answer.model_validate(data)
    except ValidationError as error:
        found = error.errors(include_url=False, include_context=False, include_input=False)
        lines = [f"- {'.'.join(map(str, each['loc'])) or 'answer'}: {each['msg']}" for each in found[:_LISTED]]
        raise _Unusable("It has not the form that was asked for.", shown("\n".join(lines))) from None


def _identity(source: str) -> str | None:
    """The id that the document gives its panel.  Raises DocumentError."""
    return load_program(source)[0].id


def _fenced(text: str) -> list[str]:
    """What stands in fenced blocks that are closed.  Each line is looked at once."""
    blocks: list[str] = []
    inside: list[str] | None = None
    for line in text.replace("\r\n", "\n").split("\n"):
        if inside is None:
            if _OPENING.fullmatch(line):
                inside = []
        elif _CLOSING.fullmatch(line):
            blocks.append("\n".join(inside))
            inside = None
        else:
            inside.append(line)
    return blocks


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        raise ValueError("a member stands twice in one object")
    return out


def _no_number(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _faulty(source: str, diagnostics: Sequence[Diagnostic]) -> _Unusable:
    errors = errors_of(diagnostics)
    if not errors:
        return _Unusable("The changed panel could not be tried.", "The changed document could not be tried in a copy of the panel.")
    lines = []
    for d in errors[:_LISTED]:
        hint = f" ({d.hint})" if d.hint else ""
        lines.append(f"- {d.code} at {d.path or 'the document'}, line {d.span.line}: {d.message}{hint}")
    if len(errors) > _LISTED:
        lines.append(f"- and {len(errors) - _LISTED} more")
    first = one_line(errors[0].message)
    return _Unusable(_sentence(first), shown("The changed document has errors:\n" + "\n".join(lines)))


def _sentence(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else f"{text}."
