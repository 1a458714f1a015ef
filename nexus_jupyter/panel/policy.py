"""What the configuration says about extensions: always, never, or ask; and whether there is anybody to ask."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pydantic import JsonValue

from ..errors import OptionError
from .demand import Demand, option_entries, within

Verdict = Literal["always", "never", "ask"]
MODES: tuple[Verdict, ...] = ("ask", "never", "always")
_DURATIONS = "duration"


@dataclass(frozen=True)
class Rule:
    """One rule: an extension, and what of its options and capabilities it speaks of.

    Written ``nexus.http hosts=https://api.example.org,https://other.example.org`` or as a mapping with the key
    ``extension``.  ``capabilities`` is one more option.  Values with spaces need the mapping.
    """

    extension: str
    options: Mapping[str, JsonValue] = field(default_factory=dict)
    capabilities: frozenset[str] = frozenset()

    @classmethod
    def of(cls, written: object) -> Rule:
        """A rule as the configuration has it.  Raises OptionError: it is none."""
        if isinstance(written, str):
            name, *rest = written.split() or [""]
            pairs: dict[str, object] = {}
            for each in rest:
                key, equals, value = each.partition("=")
                if not equals or not key or key in pairs:
                    raise OptionError(f"{each!r} in the rule {written!r} is not of the form option=value, each option once.")
                pairs[key] = value
        elif isinstance(written, Mapping):
            pairs = {str(key): value for key, value in written.items()}
            name = str(pairs.pop("extension", ""))
        else:
            raise OptionError(f"a rule is a text or a dict, not {type(written).__name__}.")
        if not name:
            raise OptionError(
                f"the rule {written!r} names no extension.", hint='Write for example "nexus.http hosts=https://api.example.org".'
            )
        capabilities = frozenset(_names(pairs.pop("capabilities", ())))
        return cls(name, {key: _value(name, key, value) for key, value in pairs.items()}, capabilities)

    def allows(self, demand: Demand) -> bool:
        """Whether the rule opens all that is demanded: what it does not name stays as the catalog has it by default."""
        if self.extension != demand.extension or (self.capabilities and not set(demand.capabilities) <= self.capabilities):
            return False
        known = option_entries(demand.extension)
        for name in dict.fromkeys((*demand.options, *self.options)):
            option = known.get(name)
            if name not in self.options and option is not None and option.type == _DURATIONS:
                continue  # how long something may take opens nothing
            allowed = self.options.get(name, option.default if option is not None else None)
            if not within(demand.options.get(name), allowed, option):
                return False
        return True

    def forbids(self, demand: Demand) -> bool:
        """Whether what is demanded is what the rule names; one that names only an extension, or ``*``, forbids all of it."""
        if not fnmatch.fnmatchcase(demand.extension, self.extension):
            return False
        if self.capabilities and not self.capabilities & set(demand.capabilities):
            return False
        return all(_meets(name, demand.options.get(name), value) for name, value in self.options.items())


@dataclass(frozen=True)
class Policy:
    """The configuration: ``never`` wins over ``always``, and both over ``mode``, which holds for what no rule names."""

    mode: Verdict = "ask"
    always: tuple[Rule, ...] = ()
    never: tuple[Rule, ...] = ()

    def verdict(self, demand: Demand) -> Verdict:
        """What becomes of a demand as a whole; ``part`` tells it for each capability."""
        if any(rule.forbids(demand) for rule in self.never):
            return "never"
        if any(rule.allows(demand) for rule in self.always):
            return "always"
        return self.mode

    def part(self, demand: Demand, verdict: Verdict) -> Demand | None:
        """What of a demand gets this verdict, capability by capability; None: nothing of it."""
        if not self.always and not self.never:
            return demand if self.mode == verdict else None
        found = tuple(each for each in demand.capabilities if self.verdict(demand.only(each)) == verdict)
        return demand.model_copy(update={"capabilities": found}) if found else None


# Reading the configuration is a face's business; the package sets this when there is one to be read.
configured: Callable[[], Policy] = Policy

_attended = False


def attend() -> None:
    """A page of the kernel's owner is there, so that somebody can be asked and what was kept counts.

    A kernel that serves visitors never calls this, and where cells are run by a program nothing does.
    """
    global _attended
    _attended = True


def unattend() -> None:
    """Go back to nobody: for the end of a test."""
    global _attended
    _attended = False


def attended() -> bool:
    """Whether a page of the owner has said hello since the process began."""
    return _attended


def _value(extension: str, name: str, value: object) -> JsonValue:
    """The value of a rule's option in the form that a document's has."""
    option = option_entries(extension).get(name)
    if option is not None and option.type == "list":
        return list(_names(value))
    if option is not None and option.type == "boolean" and isinstance(value, str):
        return value == "true"
    if option is not None and option.type == "number" and isinstance(value, str):
        try:
            return float(value)
        except ValueError:
            raise OptionError(f"{name}={value} of {extension} is no number.") from None
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [str(each) for each in value]
    raise OptionError(f"the option {name} of a rule for {extension} cannot be a {type(value).__name__}.")


def _names(value: object) -> tuple[str, ...]:
    if isinstance(value, str):
        return tuple(value.replace(",", " ").split())
    if isinstance(value, (list, tuple, set, frozenset)):
        return tuple(str(each) for each in value)
    raise OptionError(f"{value!r} is no list of names.")


def _meets(name: str, wanted: JsonValue, named: JsonValue) -> bool:
    """Whether the wanted value is, or may be, one that a ``never`` rule names; whatever contains ``*`` may be anything."""
    wanted_list = wanted if isinstance(wanted, list) else [wanted]
    named_list = named if isinstance(named, list) else [named]
    if any("*" in str(each) for each in (*wanted_list, *named_list)):
        return True
    if name == "hosts":
        # a forbidden host is forbidden however it is written, and at every port
        return bool({_host(str(each)) for each in wanted_list} & {_host(str(each)) for each in named_list})
    return any(each in named_list for each in wanted_list)


def _host(text: str) -> str:
    try:
        found = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:
        found = None
    return (found or text).rstrip(".").lower()
