"""Circles in what depends on what."""

from __future__ import annotations

from collections.abc import Iterable, Mapping


def circles(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """The groups of names that depend on each other, or a name that depends on itself; each in the order of ``needs``.

    Only names that ``needs`` lists count.  Time is linear in names and dependencies.
    """
    order = {name: n for n, name in enumerate(needs)}
    found = [tuple(sorted(g, key=order.__getitem__)) for g in groups(needs) if len(g) > 1 or g[0] in needs[g[0]]]
    return sorted(found, key=lambda group: order[group[0]])


def groups(needs: Mapping[str, Iterable[str]]) -> list[tuple[str, ...]]:
    """All names in groups that depend on each other, each group after those that it depends on.

    Only names that ``needs`` lists count.  Time is linear in names and dependencies (Tarjan's way, without recursion).
    """
    number: dict[str, int] = {}
    low: dict[str, int] = {}
    open_: list[str] = []
    waiting: set[str] = set()
    found: list[tuple[str, ...]] = []
    for start in needs:
        if start in number:
            continue
        path = [(start, iter(needs[start]))]
        number[start] = low[start] = len(number)
        open_.append(start)
        waiting.add(start)
        while path:
            name, rest = path[-1]
            for other in rest:
                if other not in needs:
                    continue
                if other not in number:
                    number[other] = low[other] = len(number)
                    open_.append(other)
                    waiting.add(other)
                    path.append((other, iter(needs[other])))
                    break
                if other in waiting:
                    low[name] = min(low[name], number[other])
            else:
                path.pop()
                if path:
                    low[path[-1][0]] = min(low[path[-1][0]], low[name])
                if low[name] == number[name]:
                    at = len(open_) - 1
                    while open_[at] != name:
                        at -= 1
                    group = open_[at:]
                    del open_[at:]
                    waiting.difference_update(group)
                    found.append(tuple(group))
    return found
