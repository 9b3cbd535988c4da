"""How a score comes about: one step a line, each with the words of the rule that ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from kpilib.engines.scalar import evaluate
from kpilib.meaning.expr import Absent, Case, Const, Var
from kpilib.meaning.limits import Stage
from kpilib.meaning.lower import Lowered
from kpilib.meaning.metrics import Goal
from kpilib.quantity import decimal_text, round_half_away
from kpilib.text import Span

FORMAT = 1
# html.escape, without the import of all entities at the start of every process.
_ESCAPED = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&#x27;"})


def escaped(text: str) -> str:
    """A text as it may stand in HTML."""
    return text.translate(_ESCAPED)


@frozen
class Line:
    """One step: what it is, its worth in points (None where it is no number), and the words that it comes from."""

    title: str
    points: Fraction | None
    words: str = ""
    span: Span | None = None


@frozen
class Explanation:
    """The steps from the input to the points."""

    inputs: tuple[tuple[str, str], ...]
    lines: tuple[Line, ...]
    points: Decimal

    def __str__(self) -> str:
        given = "，".join(f"{name} = {value}" for name, value in self.inputs)
        rows = [f"输入：{given}"] if given else []
        for line in self.lines:
            worth = "" if line.points is None else f"：{_shown(line.points)}"
            words = f"　←「{line.words}」" if line.words else ""
            rows.append(f"{line.title}{worth}{words}")
        rows.append(f"得分：{self.points} 分")
        return "\n".join(rows)

    def to_dict(self) -> dict[str, object]:
        """Plain data with a format version; numbers as exact texts."""
        return {
            "format": FORMAT,
            "inputs": dict(self.inputs),
            "lines": [
                {
                    "title": line.title,
                    "points": None if line.points is None else decimal_text(line.points),
                    "words": line.words,
                    "span": list(line.span) if line.span is not None else None,
                }
                for line in self.lines
            ],
            "points": str(self.points),
        }

    def _repr_html_(self) -> str:
        rows = "".join(
            f"<tr><td>{line.title.translate(_ESCAPED)}</td><td style='text-align:right'>{'' if line.points is None else _shown(line.points)}</td>"
            f"<td>{line.words.translate(_ESCAPED)}</td></tr>"
            for line in self.lines
        )
        given = "，".join(f"{name.translate(_ESCAPED)} = {value.translate(_ESCAPED)}" for name, value in self.inputs)
        return f"<table><caption>{given}</caption>{rows}<tr><th>得分</th><th style='text-align:right'>{self.points}</th><th></th></tr></table>"


def _shown(points: Fraction) -> str:
    """Exact where it fits a line, else to six places with a sign that says so."""
    text = decimal_text(points)
    if "/" not in text and len(text) <= 12:
        return text
    return f"≈{decimal_text(round_half_away(points, 6))}"


def shown_input(variable: Var, value: Fraction | str) -> str:
    """An input in the variable's unit."""
    if isinstance(value, str):
        return value
    if variable.unit.kind == "rate":
        return f"{decimal_text(value * 100)}%"
    return f"{decimal_text(value / variable.unit.size)}{variable.unit.symbol}"


def explain(
    lowered: Lowered,
    env: Mapping[str, Fraction | str | Absent],
    points: Decimal,
    source: str,
    goal: Goal | None,
    indicator: str = "",
) -> Explanation:
    """The explanation of one score."""
    lines: list[Line] = []
    if goal is not None:
        number = f"{decimal_text(goal.amount.value or Fraction(0))}{goal.amount.unit.symbol}"
        lines.append(Line(f"目标值 {number}", None, words_at(source, goal.span), goal.span))
    running: Fraction | None = None
    for stage in lowered.stages:
        worth = evaluate(stage.expr, env)
        if isinstance(worth, Absent):
            continue
        span = span_of(stage, env)
        words = words_at(source, span)
        match stage.kind:
            case "adjust":
                if worth != 0:
                    lines.append(Line(stage.title, worth, words, span))
            case "cap":
                lines.append(Line(stage.title, worth, words, span))
            case "override":
                if worth == 1:
                    lines.append(Line(stage.title, None, words, span))
            case "sum" | "clamp" | "round":
                if worth != running:
                    lines.append(Line(stage.title, worth, words, span))
                running = worth
            case _:
                lines.append(Line(stage.title, worth, words, span))
                running = worth
    inputs = tuple(
        (
            indicator or variable.name if variable.name == "x" else variable.name,
            shown_input(variable, given),
        )
        for variable in lowered.variables
        if not isinstance(given := env[variable.name], Absent)
    )
    return Explanation(inputs, tuple(lines), points)


def span_of(stage: Stage, env: Mapping[str, Fraction | str | Absent]) -> Span | None:
    """Of a ladder the words of the rung that holds, else the stage's own."""
    for guard, span in stage.rungs:
        if evaluate(Case(((guard, Const(Fraction(1))),), Const(Fraction(0))), env) == 1:
            return span
    return stage.span


def words_at(source: str, span: Span | None) -> str:
    """The author's words at a place, on one line and cut."""
    if span is None or not source:
        return ""
    said = source[span.start : span.end]
    if any(
        said.count(left) > said.count(right) and source.startswith(right, span.end) for left, right in ("()", "（）")
    ):
        said += source[span.end]  # the bracket around the points of a choice is no part of it
    text = " ".join(said.split())
    return text if len(text) <= 60 else text[:60] + "…"
