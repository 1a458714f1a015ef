"""The difference of two documents as text, in time that hostile documents cannot blow up."""

from __future__ import annotations

from difflib import SequenceMatcher

_CONTEXT = 3
# Beyond this many lines between the first and the last that differ, they are shown as one replacement.
_COMPARED = 2_000

_Change = tuple[str, int, int, int, int]


def unified_diff(before: str, after: str, *, names: tuple[str, str] = ("present", "proposed")) -> str:
    """The unified diff with three lines of context; "" when the texts are equal.

    ``names`` are what the two texts are called in it.  Lines end at ``\\n`` only, so that no other character can pretend to begin a line.
    """
    if before == after:
        return ""
    old, new = before.split("\n"), after.split("\n")
    out = [f"--- {names[0]}", f"+++ {names[1]}"]
    for hunk in _hunks(_changes(old, new)):
        first, last = hunk[0], hunk[-1]
        out.append(f"@@ -{_range(first[1], last[2])} +{_range(first[3], last[4])} @@")
        for kind, a, b, c, d in hunk:
            if kind == "equal":
                out += [f" {line}" for line in old[a:b]]
            else:
                out += [f"-{line}" for line in old[a:b]]
                out += [f"+{line}" for line in new[c:d]]
    return "\n".join(out) + "\n"


def _changes(old: list[str], new: list[str]) -> list[_Change]:
    """What leads from ``old`` to ``new``, equal pieces included, in order."""
    head = 0
    while head < len(old) and head < len(new) and old[head] == new[head]:
        head += 1
    tail = 0
    while tail < len(old) - head and tail < len(new) - head and old[-1 - tail] == new[-1 - tail]:
        tail += 1
    middle_old, middle_new = old[head : len(old) - tail], new[head : len(new) - tail]
    out: list[_Change] = [("equal", 0, head, 0, head)] if head else []
    if max(len(middle_old), len(middle_new)) > _COMPARED:
        out.append(("replace", head, head + len(middle_old), head, head + len(middle_new)))
    else:
        for kind, a, b, c, d in SequenceMatcher(None, middle_old, middle_new).get_opcodes():
            out.append((kind, head + a, head + b, head + c, head + d))
    if tail:
        out.append(("equal", len(old) - tail, len(old), len(new) - tail, len(new)))
    return out


def _hunks(changes: list[_Change]) -> list[list[_Change]]:
    """The changes in groups, each with its context; far apart ones stand in different groups."""
    groups: list[list[_Change]] = [[]]
    last = len(changes) - 1
    for at, (kind, a, b, c, d) in enumerate(changes):
        if kind != "equal":
            groups[-1].append((kind, a, b, c, d))
            continue
        if at == 0 or (at != last and b - a > 2 * _CONTEXT):
            if at != 0:
                groups[-1].append((kind, a, min(b, a + _CONTEXT), c, min(d, c + _CONTEXT)))
                groups.append([])
            groups[-1].append((kind, max(a, b - _CONTEXT), b, max(c, d - _CONTEXT), d))
        elif at == last:
            groups[-1].append((kind, a, min(b, a + _CONTEXT), c, min(d, c + _CONTEXT)))
        else:
            groups[-1].append((kind, a, b, c, d))
    return [g for g in groups if any(kind != "equal" for kind, *_ in g)]


def _range(start: int, end: int) -> str:
    size = end - start
    if size == 1:
        return str(start + 1)
    return f"{start + 1 if size else start},{size}"
