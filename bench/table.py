"""What a bench found: lines of numbers, and ratios beside their budgets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Judged:
    """One number that has a budget, or stands beside somebody else's, which is then ``budget`` None."""

    what: str
    value: float
    unit: str = ""
    budget: float | None = None

    def __str__(self) -> str:
        shown = f"{number(self.value)} {self.unit}".strip()
        if self.budget is None:
            return f"{self.what:<66} {shown:>12}"
        verdict = "within" if self.value <= self.budget else "OVER"
        return f"{self.what:<66} {shown:>12}   {verdict} {number(self.budget)} {self.unit}".rstrip()


@dataclass
class Part:
    """One part of a bench: a table, and what it comes to."""

    title: str
    columns: tuple[str, ...]
    lines: list[tuple[str, tuple[float | None, ...]]] = field(default_factory=list)
    judged: list[Judged] = field(default_factory=list)

    def add(self, name: str, *values: float | None) -> None:
        """One line; None is what was not measured."""
        self.lines.append((name, values))

    def judge(self, what: str, value: float, unit: str = "", budget: float | None = None) -> None:
        self.judged.append(Judged(what, value, unit, budget))

    def __str__(self) -> str:
        wide = max((len(name) for name, _ in self.lines), default=0) + 2
        head = f"  {'':<{wide}}" + "".join(f"{column:>16}" for column in self.columns)
        rows = [f"  {name:<{wide}}" + "".join(f"{number(value):>16}" for value in values) for name, values in self.lines]
        return "\n".join([self.title, head, *rows, *(f"  {each}" for each in self.judged)])

    def as_json(self) -> dict[str, object]:
        return {
            "title": self.title,
            "lines": {name: dict(zip(self.columns, values, strict=True)) for name, values in self.lines},
            "judged": [vars(each) for each in self.judged],
        }


def number(value: float | None) -> str:
    if value is None:
        return "–"
    if abs(value) >= 1_000 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.1f}"


def over(parts: Sequence[Part]) -> list[Judged]:
    """What is over its budget."""
    return [each for part in parts for each in part.judged if each.budget is not None and each.value > each.budget]
