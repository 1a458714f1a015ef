"""``c.NexusPolicy`` and ``c.NexusLimits``: what the configuration of IPython or of a kernel says about what panels may use."""

from __future__ import annotations

import logging
import sys
from dataclasses import fields
from typing import Any

import traitlets
from traitlets.config import Config, Configurable

from ..errors import OptionError
from ..panel.policy import MODES, Policy, Rule
from ..sandbox.limits import DEFAULT_LIMITS, Limits

logger = logging.getLogger(__name__)


class NexusPolicy(Configurable):
    """Which extensions panels may use without being asked about, and which never.

    In ``ipython_config.py`` or ``ipython_kernel_config.py``, or on a kernel's command line as ``--NexusPolicy.mode=never``.
    """

    mode = traitlets.Enum(
        MODES,
        default_value="ask",
        help="""What becomes of what no rule names: `ask` the person in front of the page, `never` or `always` grant it.

        Where nobody can be asked (Voila, nbconvert, papermill, scripts) `ask` grants nothing.""",
    ).tag(config=True)
    always: traitlets.List[object] = traitlets.List(
        help="""Rules for what is granted unasked, such as `"nexus.http hosts=https://api.example.org"` or
        `{"extension": "nexus.fs", "root": "data", "mode": "write"}`.

        A rule opens what it names and no more: options that it leaves out keep their defaults, `capabilities` narrows it
        further.""",
    ).tag(config=True)
    never: traitlets.List[object] = traitlets.List(
        help="""Rules for what is never granted, whatever else says so; of the same form.  An extension may be a pattern
        such as `nexus.*`; a rule without options forbids all of it.""",
    ).tag(config=True)

    @traitlets.validate("always", "never")
    def _are_rules(self, proposal: Any) -> Any:
        for each in proposal["value"]:
            try:
                Rule.of(each)
            except OptionError as error:
                raise traitlets.TraitError(f"NexusPolicy.{proposal['trait'].name}: {error}") from None
        return proposal["value"]

    def policy(self) -> Policy:
        """The policy as panels use it."""
        return Policy(self.mode, tuple(map(Rule.of, self.always)), tuple(map(Rule.of, self.never)))


def _limit(name: str, default: float) -> Any:
    """A setting for one limit: a positive number of the default's kind."""
    kind: Any = traitlets.Int if isinstance(default, int) else traitlets.Float
    least = 1 if isinstance(default, int) else 0.001
    return kind(default, min=least, help=f"`{name}` of nexus_jupyter.sandbox.Limits; docs/limits.md has all.").tag(config=True)


# One setting for each limit, so that none can be forgotten.
NexusLimits: Any = type(
    "NexusLimits",
    (Configurable,),
    {
        "__doc__": "The limits of the sandbox for panels of this kernel that are given none of their own.",
        "__module__": __name__,
        **{each.name: _limit(each.name, each.default) for each in fields(Limits)},  # type: ignore[arg-type]
    },
)


def read_limits() -> Limits:
    """The limits that the shell of this process is configured with; the defaults where it cannot be understood, which is logged."""
    section = _section("NexusLimits")
    if not section:
        return DEFAULT_LIMITS
    try:
        if unknown := set(section) - set(NexusLimits.class_trait_names(config=True)):
            raise OptionError(f"it has no {' and no '.join(sorted(unknown))}.")
        found = NexusLimits(config=Config({"NexusLimits": section}))
        return Limits(**{each.name: getattr(found, each.name) for each in fields(Limits)})
    except Exception as error:
        logger.error("NexusLimits cannot be understood, so the defaults hold: %s", error)
        return DEFAULT_LIMITS


# A configuration that was read, as text with what it says: it is small, and panels ask for it with every call.
_read: tuple[str, Policy] | None = None


def read() -> Policy:
    """The policy that the shell of this process is configured with, or the default; any thread.

    A configuration that cannot be understood grants nothing: what it meant to forbid must not be open because of a slip.
    """
    global _read
    section = _section("NexusPolicy")
    written = repr(section)
    if _read is None or _read[0] != written:
        try:
            if unknown := set(section) - set(NexusPolicy.class_trait_names(config=True)):
                raise OptionError(f"it has no {' and no '.join(sorted(unknown))}.")
            _read = (written, NexusPolicy(config=Config({"NexusPolicy": section})).policy())
        except Exception as error:
            logger.error("NexusPolicy cannot be understood, so panels are granted nothing: %s", error)
            _read = (written, Policy(mode="never"))
    return _read[1]


def _section(name: str) -> Config:
    """A part of the shell's configuration that is ours; it comes from files, the command line and the kernel alike."""
    module = sys.modules.get("IPython.core.interactiveshell")
    if module is None or not module.InteractiveShell.initialized():
        return Config()
    found = module.InteractiveShell.instance().config.get(name)
    return found if isinstance(found, Config) else Config()
