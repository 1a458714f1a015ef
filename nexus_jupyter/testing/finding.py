"""Finding components by what a reader calls them, and saying what there is when there is no such thing."""

from __future__ import annotations

from collections.abc import Callable

from .found import Found, walk
from .problems import NotOnScreen, Refused
from .screen import Screen


def anything(_: Found) -> bool:
    """Every component."""
    return True


def matching(screen: Screen, name: str | None, type: str | None, within: str | Found | None) -> list[Found]:
    """The shown components that fit, in the order in which they are read.  Raises NotOnScreen: there is no group ``within``."""
    shown = [each for each in screen.components() if each.shown]
    if within is not None:
        group = within if isinstance(within, Found) else one(screen, within, None, None, None, lambda found: bool(found.node.children))
        inside = {each.node.id for each in walk(group.node)} - {group.node.id}
        shown = [each for each in shown if each.node.id in inside]
    if type is not None:
        shown = [each for each in shown if each.type == type]
    if name is None:
        return shown
    return [each for each in shown if name in (each.name, f"#{each.id}" if each.id else None)]


def one(
    screen: Screen,
    name: str | None,
    type: str | None,
    within: str | Found | None,
    nth: int | None,
    among: Callable[[Found], bool] = anything,
) -> Found:
    """The one that fits; of several those of ``among`` are meant.  Raises NotOnScreen, with what there is."""
    found = matching(screen, name, type, within)
    found = [each for each in found if among(each)] or found
    called = f" called {name!r}" if name is not None else ""
    if nth is not None and found:
        if not -len(found) <= nth < len(found):
            raise NotOnScreen(f"there are {len(found)}{called}, so there is no number {nth} (the first is 0).")
        return found[nth]
    if len(found) == 1:
        return found[0]
    if found:
        listed = ", ".join(f"{number}: {each}" for number, each in enumerate(found))
        raise NotOnScreen(f"there are {len(found)}{called} ({listed}).", hint="Say which with nth=… or within=….")
    raise _missing(screen, name, type, within, among)


def control(screen: Screen, name: str | Found, within: str | Found | None, nth: int | None, types: tuple[str, ...], verb: str) -> Found:
    """The control that a step is about, as it is now, if a person could use it.  Raises NotOnScreen, Refused."""

    def fits(each: Found) -> bool:
        return each.type in types and each.is_control

    if isinstance(name, Found):
        now = [each for each in screen.components() if (each.node.id, each.type) == (name.node.id, name.type)]
        if not now or not now[0].shown:
            raise NotOnScreen(f"{name} is no longer shown.")
        found = now[0]
    else:
        found = one(screen, name, None, within, nth, fits)
    if screen.closed:
        raise Refused(f"{found} cannot be used: the panel has ended.")
    if screen.questions:
        raise Refused(
            f"{found} cannot be used while the panel asks: {screen.questions[0][1]}", hint="Answer with p.confirm() or p.confirm(False)."
        )
    if not fits(found):
        usable = [each for each in matching(screen, None, None, within) if fits(each)]
        raise Refused(f"one cannot {verb} {found}.", hint=_listed("One can do that with", usable))
    if found.disabled:
        raise Refused(f"{found} is disabled.")
    if found.flag("loading"):
        raise Refused(f"{found} is loading: it cannot be pressed meanwhile.")
    return found


def _missing(screen: Screen, name: str | None, type: str | None, within: str | Found | None, among: Callable[[Found], bool]) -> NotOnScreen:
    kind = type or ("control" if among is not anything else "component")
    text = f"there is no {kind}{f' called {name!r}' if name is not None else ''}{f' within {within!r}' if within is not None else ''}."
    hidden = [each for each in screen.components() if not each.shown and name is not None and name in (each.name, f"#{each.id}")]
    if hidden:
        return NotOnScreen(text, hint=f"{hidden[0]} is hidden or folded away.")
    others = [each for each in matching(screen, None, type, within) if among(each)]
    return NotOnScreen(text, hint=_listed("There is", others) or "There is nothing of the kind.")


def _listed(begin: str, found: list[Found]) -> str:
    named = dict.fromkeys(str(each) for each in found if each.name)
    return f"{begin} {', '.join(named)}." if named else ""
