"""What one panel is permitted now, and the one question about it that may be open.

Nothing here is reached from the guest but through a denied call.  All but what its docstring says happens in turns on the
panel's thread.
"""

from __future__ import annotations

import hashlib
import hmac
import logging
import secrets
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..nxml.program import Program
from ..protocol import Consent, ConsentAnswer, ConsentEnded
from ..sandbox.capabilities import Grants
from ..sandbox.extensions import registry
from . import policy
from .call import number
from .consent_words import diff_of, words_of
from .demand import Demand, canonical, demand_of, demands_of, possible_capabilities
from .grant import Grant
from .grant_store import GrantStore, grant_store
from .policy import Policy, Verdict

if TYPE_CHECKING:
    from .runtime import Runtime

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Subject:
    """The document that permissions are about."""

    source: str
    hash: str
    program: Program


@dataclass
class _Once:
    """A permission for one run of one of ``tools``, which asked: the first that begins after ``after`` and uses it; ``run`` is that one."""

    demands: tuple[Demand, ...]
    tools: frozenset[str]
    after: int
    run: int | None = None

    def serves(self, run: int, tool: str) -> bool:
        return run == self.run or (self.run is None and run > self.after and tool in self.tools)


@dataclass(frozen=True)
class _Split:
    """Demands by what the configuration says about them."""

    rules: Policy
    demands: tuple[Demand, ...]
    always: tuple[Demand, ...]
    ask: tuple[Demand, ...]


class Permissions:
    """The permissions of one panel.

    ``functions`` are the names of the Python functions that are exposed to it, live.  ``asks`` is False for a panel that
    nobody sees or that is granted nothing, such as a preview.  ``notebook`` is the path of its notebook, "" where there
    is none.
    """

    def __init__(
        self, panel: str, notebook: str, functions: Collection[str], *, trusted: bool = True, store: GrantStore = grant_store
    ) -> None:
        self.panel = panel
        self.notebook = notebook
        self._functions = functions
        self._trusted = trusted  # False for a preview: whatever is kept or configured for the panel is not for it
        self._store = store
        self._denied = False
        self._open: tuple[Consent, tuple[Demand, ...]] | None = None
        self._askers: set[str] = set()
        self._once: _Once | None = None
        self._kept: Grant | None = None
        self._held: Mapping[str, frozenset[str]] = {}

    # --- the document -------------------------------------------------------------------------------

    def begin(self, source: str, hash: str, program: Program) -> None:
        """Be about the panel's first document."""
        self._subject = _Subject(source, hash, program)
        self._seen: dict[str, set[str]] = {}
        self._found: tuple[Demand, ...] | None = None
        self._split: _Split | None = None
        self._checked: tuple[Grant, tuple[Demand, ...]] | None = None

    def replaced(self, runtime: Runtime, source: str, hash: str, program: Program) -> None:
        """Be about another document.

        What was kept for the one before is kept for this one if it wants no more: whoever replaced it approved the
        difference.  What was allowed once is over, and so is the open question.
        """
        kept = self._keep_valid()
        self.begin(source, hash, program)
        self._once = None
        self._kept = None
        self._end(runtime, "void")
        if kept is not None and (asked := self._asked()) and kept.asks_no_more(asked):
            self._keep(asked)
        self._publish()

    # --- calls --------------------------------------------------------------------------------------

    def grants(self, run: int, tool: str) -> Grants:
        """What the run of this number, of this tool or hook, may do."""
        names = {each.alias: each.name for each in self._subject.program.extensions}
        held = _by_alias(self._granted((run, tool)))
        return Grants(self._functions, {alias: (names[alias], capabilities) for alias, capabilities in held.items() if alias in names})

    def used(self, run: int, tool: str) -> None:
        """The run of this number makes a granted call: what is allowed once is this run's."""
        once = self._once
        if once is not None and once.run is None and once.serves(run, tool):
            once.run = run
        self._publish()

    def ended(self, run: int) -> None:
        """The run of this number is over, and with it what was allowed for it."""
        if self._once is not None and self._once.run == run:
            self._once = None
            self._publish()

    def capabilities(self, alias: str) -> frozenset[str]:
        """What is granted now under an alias, from any thread: for the extension itself, which holds on longer than a call."""
        return self._held.get(alias, frozenset())

    def denied(self, runtime: Runtime, alias: str, capability: str, tool: str) -> str:
        """A call was denied for want of a grant.  Ask for it where that is right; what to tell the handler."""
        declared = next(each for each in self._subject.program.extensions if each.alias == alias)
        kind = registry.extension_class(declared.name)
        if capability not in possible_capabilities(declared, kind):
            return f"The options that the document declares for {alias} do not allow {capability}."
        if not self._trusted:
            return "A preview is granted nothing."
        self._see(alias, capability)
        demand = next(each for each in self._demands() if each.alias == alias)
        if policy.configured().verdict(demand.only(capability)) == "never":
            return "The configuration of this kernel forbids it (NexusPolicy)."
        if not policy.attended() or self._subject.program.view is None:
            return "Nobody can be asked here: only what NexusPolicy.always in the kernel's configuration names is granted."
        if self._denied:
            return "It was denied; run the panel's cell again to be asked again."
        self._ask(runtime, tool)
        return "Answer the question at the top of the panel, then try again."

    # --- the question -------------------------------------------------------------------------------

    def answer(self, runtime: Runtime, answer: ConsentAnswer) -> None:
        """Take a person's decision, if it is about the open request and that is still about the present document."""
        if self._open is None or not hmac.compare_digest(self._open[0].id, answer.id) or not policy.attended():
            logger.warning("an answer about a request of the panel %r that is not open was refused", self.panel)
            runtime.say(ConsentEnded(id=answer.id, outcome="void"))
            if self._open is not None:
                runtime.say(self._open[0])
            return
        demands = self._open[1]
        tools = self._served()
        self._once = None
        if answer.decision == "deny":
            self._denied = True
            self._store.drop(self.notebook, self.panel)
        elif answer.decision == "panel":
            self._keep(demands)
        else:
            self._once = _Once(demands, tools, after=number())
        self._end(runtime, answer.decision)
        self._publish()
        if answer.decision != "deny":
            runtime.lifecycle.permitted(tools if answer.decision == "once" else None)

    def revoke(self, runtime: Runtime) -> None:
        """Take back what was allowed and what was denied."""
        self._store.drop(self.notebook, self.panel)
        self._kept = self._once = None
        self._denied = False
        self._publish()

    def _ask(self, runtime: Runtime, tool: str) -> None:
        demands = self._asked()
        self._askers.add(tool)
        # what a person did goes before what the panel does by itself: then the question is about that
        if self._open is not None and self._open[1] == demands and self._open[0].tool in self._served():
            return
        former = self._store.find(self.notebook, self.panel)
        renewal = former is not None and former.source_hash != self._subject.hash and former.asks_no_more(demands)
        consent = Consent(
            id=_request_id(self._subject.hash, demands),
            tool=tool,
            demands=tuple(words_of(each) for each in demands),
            renewal=renewal,
            diff=diff_of(former.source, self._subject.source) if former is not None and renewal else "",
        )
        self._open = (consent, demands)
        runtime.consent = consent
        runtime.say(consent)

    def _served(self) -> frozenset[str]:
        """The tools that have asked; where none has, the lifecycle hooks that have."""
        names = frozenset(self._askers)
        return names.difference(self._subject.program.hook_names) or names

    def _end(self, runtime: Runtime, outcome: str) -> None:
        if self._open is None:
            return
        id = self._open[0].id
        self._open = None
        self._askers.clear()
        runtime.consent = None
        runtime.say(ConsentEnded.model_validate({"id": id, "outcome": outcome}))

    # --- demands and what covers them ---------------------------------------------------------------

    def _demands(self) -> tuple[Demand, ...]:
        """What the document demands: what the analysis found, and what its code was seen to use."""
        if self._found is None:
            found = {each.alias: each for each in demands_of(self._subject.program)}
            for declared in self._subject.program.extensions:
                if declared.alias in self._seen:
                    known = found.get(declared.alias) or demand_of(declared, ())
                    found[declared.alias] = known.with_capabilities(self._seen[declared.alias])
            self._found = tuple(found[each.alias] for each in self._subject.program.extensions if each.alias in found)
        return self._found

    def _see(self, alias: str, capability: str) -> None:
        if not any(each.alias == alias and capability in each.capabilities for each in self._demands()):
            self._seen.setdefault(alias, set()).add(capability)
            self._found = None

    def _configured(self) -> _Split:
        """What the configuration says about the demands; found anew when either has changed, for each call asks."""
        rules, demands = policy.configured(), self._demands()
        if self._split is None or self._split.rules is not rules or self._split.demands is not demands:
            self._split = _Split(rules, demands, _parts(rules, demands, "always"), _parts(rules, demands, "ask"))
        return self._split

    def _asked(self) -> tuple[Demand, ...]:
        """What a person is asked about: what the configuration leaves open."""
        return self._configured().ask

    def _granted(self, run: tuple[int, str] | None) -> tuple[Demand, ...]:
        """The demands that are granted, to this run of this tool (None: to any that may still use them)."""
        if not self._trusted:
            return ()
        configured = self._configured()
        if not policy.attended():
            return configured.always
        allowed: tuple[Demand, ...] = ()
        if (kept := self._keep_valid()) is not None:
            allowed = kept.demands
        elif self._once is not None and (run is None or self._once.serves(*run)):
            allowed = self._once.demands
        # the configuration may have changed since: what it forbids now is not granted by what was answered then
        return (*configured.always, *_parts(configured.rules, allowed, "ask"))

    def _keep_valid(self) -> Grant | None:
        """The kept grant if it is for exactly this document and all that it demands."""
        if self._denied or not self._trusted or not policy.attended():
            return None
        if self._kept is None and self._open is None:
            self._kept = self._store.find(self.notebook, self.panel)
        kept, asked = self._kept, self._asked()
        if kept is not None and self._checked is not None and self._checked[0] is kept and self._checked[1] is asked:
            return kept
        if kept is not None and kept.is_for(self.notebook, self.panel) and kept.covers(self._subject.hash, asked):
            self._checked = (kept, asked)
            return kept
        self._kept = self._checked = None
        return None

    def _keep(self, demands: tuple[Demand, ...]) -> None:
        grant = Grant.of(self.notebook, self.panel, self._subject.source, demands)
        self._store.keep(grant)
        self._kept = grant

    def _publish(self) -> None:
        """Tell extensions, which ask on their own thread, what is granted now."""
        self._held = _by_alias(self._granted(None))


def _parts(rules: Policy, demands: Iterable[Demand], verdict: Verdict) -> tuple[Demand, ...]:
    return tuple(part for each in demands if (part := rules.part(each, verdict)) is not None)


def _by_alias(demands: Iterable[Demand]) -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for each in demands:
        found[each.alias] = found.get(each.alias, frozenset()) | frozenset(each.capabilities)
    return found


def _request_id(source_hash: str, demands: tuple[Demand, ...]) -> str:
    """A name for this request: of the document, the demands, and a number that never comes again."""
    bound = canonical([secrets.token_hex(16), source_hash, [each.identity for each in demands]])
    return hashlib.sha256(bound.encode()).hexdigest()[:48]
