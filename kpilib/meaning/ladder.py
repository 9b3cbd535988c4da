"""Rungs: which one applies, in which order, and which cases none covers."""

from __future__ import annotations

from fractions import Fraction

from attrs import frozen

from kpilib.meaning.expr import And, Compare, Const, Expr, Guard, Operator, Var, scale

Edge = tuple[Fraction, int]  # a value and −1, 0, +1: just below it, at it, just above it


@frozen
class Interval:
    """The inputs that a condition on one metric holds for; None is no bound.  `relative` bounds are shares of the target."""

    low: Fraction | None
    low_closed: bool
    high: Fraction | None
    high_closed: bool
    relative: bool = False

    @classmethod
    def of(cls, operator: Operator, value: Fraction, relative: bool) -> Interval:
        """The interval of x OP value."""
        if operator == "==":
            return cls(value, True, value, True, relative)
        if operator in (">", ">="):
            return cls(value, operator == ">=", None, False, relative)
        return cls(None, False, value, operator == "<=", relative)

    def _low(self) -> Edge | None:
        return None if self.low is None else (self.low, 0 if self.low_closed else 1)

    def _high(self) -> Edge | None:
        return None if self.high is None else (self.high, 0 if self.high_closed else -1)

    def inside(self, other: Interval) -> bool:
        """Whether every input of this is one of the other's."""
        low, high, other_low, other_high = self._low(), self._high(), other._low(), other._high()
        above = other_low is None or (low is not None and low >= other_low)
        below = other_high is None or (high is not None and high <= other_high)
        return above and below

    def shared(self, other: Interval) -> Interval | None:
        """The inputs of both, or None where there are none."""
        lows = [edge for edge in (self._low(), other._low()) if edge is not None]
        highs = [edge for edge in (self._high(), other._high()) if edge is not None]
        low = max(lows) if lows else None
        high = min(highs) if highs else None
        if low is not None and high is not None and low > high:
            return None
        return Interval(
            low[0] if low else None,
            low is not None and low[1] == 0,
            high[0] if high else None,
            high is not None and high[1] == 0,
            self.relative,
        )

    @property
    def single(self) -> bool:
        """Whether it holds just one input."""
        return self.low is not None and self.low == self.high and self.low_closed and self.high_closed

    def whole(self) -> Interval:
        """The same inputs of a count, whose bounds can be written closed."""
        low, high = self.low, self.high
        if low is not None:
            low = Fraction(low.__floor__() + 1) if not self.low_closed else Fraction(low.__ceil__())
        if high is not None:
            high = Fraction(high.__ceil__() - 1) if not self.high_closed else Fraction(high.__floor__())
        return Interval(low, low is not None, high, high is not None, self.relative)

    @property
    def empty(self) -> bool:
        """Whether no input fits."""
        return (
            self.low is not None
            and self.high is not None
            and (self.low > self.high or (self.low == self.high and not (self.low_closed and self.high_closed)))
        )

    def guard(self, variable: Var, target: Expr | None) -> Guard:
        """The condition as a guard of the expression."""
        low: Operator = ">=" if self.low_closed else ">"
        high: Operator = "<=" if self.high_closed else "<"
        ends: list[tuple[Operator, Fraction | None]] = (
            [("==", self.low)] if self.single else [(low, self.low), (high, self.high)]
        )
        parts: list[Guard] = [
            Compare(variable, operator, Const(value) if not self.relative or target is None else scale(value, target))
            for operator, value in ends
            if value is not None
        ]
        return parts[0] if len(parts) == 1 else And(tuple(parts))


def gaps(intervals: list[Interval], minimum: Fraction | None, whole: bool) -> list[Interval]:
    """The inputs from `minimum` on (None: from anywhere) that no interval holds, in order."""
    shown = [interval for interval in (one.whole() if whole else one for one in intervals) if not interval.empty]
    missing: list[Interval] = []
    needed: Edge | None = (minimum, 0) if minimum is not None else None  # the first input not reached yet
    anywhere = minimum is None
    for interval in sorted(shown, key=lambda one: (one._low() is not None, one._low() or (Fraction(0), 0))):
        low, high = interval._low(), interval._high()
        if low is not None and (anywhere or (needed is not None and low > needed)):
            start = None if anywhere else needed
            missing.append(
                Interval(start[0] if start else None, start is not None and start[1] == 0, low[0], low[1] == 1)
            )
        anywhere = False
        if high is None:
            return missing
        after = _next(high, whole)
        needed = after if needed is None else max(needed, after)
    if needed is not None and shown:
        missing.append(Interval(needed[0], needed[1] == 0, None, False))
    return missing


def _next(edge: Edge, whole: bool) -> Edge:
    """The edge that follows with nothing between."""
    return (edge[0] + 1, 0) if whole else (edge[0], edge[1] + 1)
