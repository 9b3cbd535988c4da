"""Where a score changes its course over one input: the bounds that its text names and the edges of its curve."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import NamedTuple

from kpilib.meaning.curve import Curve, Piece, curve_of
from kpilib.meaning.expr import (
    And,
    Case,
    Compare,
    Const,
    Expr,
    Floor,
    Guard,
    LabelIs,
    Max,
    Min,
    Or,
    Ratio,
    Round,
    Sum,
    Var,
    bind,
    variables,
    walk,
)
from kpilib.meaning.pieces import Line

# Edges of one staircase that are listed at each of its ends where it has more than twice as many.
STEPS_SHOWN = 5
_TRUE, _FALSE = (Compare(Const(Fraction(0)), "==", Const(Fraction(value))) for value in (0, 1))


class Threshold(NamedTuple):
    """An input where something changes, with the pieces of the curve on either side where it is a bound of pieces."""

    x: Fraction
    left: Piece | None = None
    right: Piece | None = None
    step: bool = False  # the edge of a step of a staircase


class Omission(NamedTuple):
    """Thresholds that are not listed: between which two, and how many; None where there is no end to them."""

    low: Fraction | None
    high: Fraction | None
    number: int | None


class Thresholds(NamedTuple):
    """All thresholds of one input, rising; `complete` is False where the score has no curve to find them all by."""

    listed: tuple[Threshold, ...]
    omitted: tuple[Omission, ...]
    complete: bool


def thresholds(expr: Expr, *, also: Iterable[Fraction] = (), limit: int = 24) -> Thresholds:
    """The thresholds of an expression of one numeric variable, and the values `also`, at most about `limit` of them.

    Where there are more, those in the middle are left out and counted.
    """
    if not variables(expr):
        return Thresholds(tuple(map(Threshold, sorted(set(also)))), (), complete=True)
    curve = curve_of(expr)
    found = {x: Threshold(x) for x in (*_named(expr), *also)}
    omitted: list[Omission] = []
    if curve is not None:
        for piece in curve.pieces:
            edges, left_out = _steps(piece, curve)
            found.update((x, Threshold(x, step=True)) for x in edges if x not in found)
            omitted += left_out
        for left, right in zip(curve.pieces, curve.pieces[1:], strict=False):
            x = right.window[0][1]
            known = found.get(x)
            if known is None or known.left is None:
                found[x] = Threshold(x, left, right)
            else:  # a piece of a single point: both of its sides are this threshold
                found[x] = Threshold(x, known.left, right)
    domain = variables(expr)[0].domain
    low = Fraction(0) if domain.kind == "count" else domain.minimum
    inside = [one for one in found.values() if (low is None or one.x >= low) and one.x <= (domain.maximum or one.x)]
    return _bounded(sorted(inside, key=lambda one: one.x), omitted, limit, complete=curve is not None)


def _bounded(listed: list[Threshold], omitted: list[Omission], limit: int, *, complete: bool) -> Thresholds:
    """The first and the last of too many; what falls out between them becomes one omission."""
    if len(listed) > limit:
        head, middle, tail = listed[: limit // 2], listed[limit // 2 : -(limit // 2)], listed[-(limit // 2) :]
        low, high = head[-1].x, tail[0].x
        inside = [one for one in omitted if one.low is not None and one.high is not None and low <= one.low <= high]
        count: int | None = len(middle)
        for one in inside:
            count = None if count is None or one.number is None else count + one.number
        omitted = [one for one in omitted if one not in inside] + [Omission(low, high, count)]
        listed = head + tail
    return Thresholds(tuple(listed), tuple(omitted), complete)


def _steps(piece: Piece, curve: Curve) -> tuple[list[Fraction], list[Omission]]:
    """The edges of the steps of a piece, rising, and those between or beyond them that are left out."""
    stair = piece.formula.stair if isinstance(piece.formula, Line) else None
    if stair is None:
        return [], []
    low, high = piece.window
    first, last = stair.first(low), stair.last(high)
    if stair.sign < 0:  # counted from the upper end: walk through the numbers of the steps all the same
        first, last = last, first

    def edges(numbers: range) -> list[Fraction]:
        return sorted(cut[1] for number in numbers if low < (cut := stair.edge(number)) < high)

    if first is not None and last is not None:
        if last - first + 1 <= 2 * STEPS_SHOWN + 1:
            return edges(range(first, last + 2)), []
        near = edges(range(first, first + STEPS_SHOWN + 1))
        far = edges(range(last - STEPS_SHOWN + 1, last + 1))
        count = last - first - len(near) - len(far)
        ends = (near[-1], far[0]) if near[0] < far[0] else (far[-1], near[0])
        return sorted(near + far), [Omission(*ends, count)] if count > 0 else []
    start = first if first is not None else (STEPS_SHOWN if last is None else last) - 2 * STEPS_SHOWN
    shown = edges(range(start, start + 2 * STEPS_SHOWN + 1))
    beyond = []
    if low[0]:
        beyond.append(Omission(None, shown[0], None))
    if high[0]:
        beyond.append(Omission(shown[-1], None, None))
    return shown, beyond


def _named(expr: Expr) -> list[Fraction]:
    """The numbers that guards compare the variable with, whether the score changes there or not."""
    found = []
    for node in walk(expr):
        if isinstance(node, Compare):
            found += _roots(node)
    return found


def _roots(guard: Compare) -> list[Fraction]:
    """Where the two sides of a comparison meet, if they are straight lines that do."""
    sides = [_straight(side) for side in (guard.left, guard.right)]
    left, right = sides
    if left is None or right is None or left[0] == right[0]:
        return []
    return [(right[1] - left[1]) / (left[0] - right[0])]


def _straight(expr: Expr) -> tuple[Fraction, Fraction] | None:
    """Slope and constant of an expression that is a straight line of its variable; None for anything else."""
    match expr:
        case Const(value=value):
            return Fraction(0), value
        case Var(domain=domain) if domain.kind != "label":
            return Fraction(1), Fraction(0)
        case Sum(terms=terms, constant=constant):
            slope = Fraction(0)
            for weight, term in terms:
                line = _straight(term)
                if line is None:
                    return None
                slope, constant = slope + weight * line[0], constant + weight * line[1]
            return slope, constant
        case Ratio(numerator=top, denominator=Const(value=bottom)) if bottom > 0:
            line = _straight(top)
            return None if line is None else (line[0] / bottom, line[1] / bottom)
    return None


def hold(expr: Expr, values: Mapping[str, Fraction | str]) -> Expr:
    """The expression with the inputs of `values` held there, numbers in base units, constants folded."""
    return bind(_held(expr, values), {}) if values else expr


def _held(expr: Expr, values: Mapping[str, Fraction | str]) -> Expr:
    match expr:
        case Var(name=name) if name in values:
            value = values[name]
            return expr if isinstance(value, str) else Const(value)
        case Sum(terms=terms, constant=constant):
            return Sum(tuple((weight, _held(term, values)) for weight, term in terms), constant)
        case Ratio(numerator=top, denominator=bottom, reason=reason):
            return Ratio(_held(top, values), _held(bottom, values), reason)
        case Floor(numerator=top, step=bottom, reason=reason):
            return Floor(_held(top, values), _held(bottom, values), reason)
        case Case(branches=branches, default=default):
            held = tuple((_held_guard(guard, values), _held(body, values)) for guard, body in branches)
            return Case(held, _held(default, values))
        case Min(parts=parts):
            return Min(tuple(_held(part, values) for part in parts))
        case Max(parts=parts):
            return Max(tuple(_held(part, values) for part in parts))
        case Round(body=body, places=places):
            return Round(_held(body, values), places)
        case _:
            return expr


def _held_guard(guard: Guard, values: Mapping[str, Fraction | str]) -> Guard:
    match guard:
        case Compare(left=left, operator=operator, right=right):
            return Compare(_held(left, values), operator, _held(right, values))
        case LabelIs(variable=variable, label=label) if variable.name in values:
            return _TRUE if values[variable.name] == label else _FALSE
        case And(parts=parts):
            return And(tuple(_held_guard(part, values) for part in parts))
        case Or(parts=parts):
            return Or(tuple(_held_guard(part, values) for part in parts))
        case _:
            return guard
