"""Formulas of one variable on an interval of it: straight lines and staircases, added, compared and cut exactly.

A `Cut` is a place between numbers: just before or just after one, or beyond all of them.  A `Window` is what lies
between two cuts, so neighbours share a cut and nothing has to be said about open and closed ends.
`whole` says that only whole numbers count: every cut is then moved to just before a whole number.
"""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from math import ceil, floor, lcm

from attrs import evolve, frozen

Cut = tuple[int, Fraction, int]  # (−1 | 0 | 1: below all, a number, above all; the number; 0 before it, 1 after it)
Window = tuple[Cut, Cut]

ZERO = Fraction(0)
BOTTOM: Cut = (-1, ZERO, 0)
TOP: Cut = (1, ZERO, 0)

# Steps of a staircase that may be written out one by one on a piece.
MAX_STEPS = 1000
# Whole numbers that are tried one by one before two long staircases are told apart by their form.
MAX_TRIED = 10_000


class NotACurve(Exception):
    """The expression has no exact normal form within the limits; never leaves `curve_of`."""


def before(value: Fraction) -> Cut:
    """The place just before a number."""
    return (0, value, 0)


def after(value: Fraction) -> Cut:
    """The place just after a number."""
    return (0, value, 1)


def whole_cut(cut: Cut) -> Cut:
    """The same place among whole numbers, always just before one."""
    rank, value, side = cut
    return cut if rank else (0, Fraction(floor(value) + 1 if side else ceil(value)), 0)


def meet(a: Window, b: Window, whole: bool = False) -> Window | None:
    """What two windows share, or None where that is nothing."""
    low, high = max(a[0], b[0]), min(a[1], b[1])
    if whole:
        low, high = whole_cut(low), whole_cut(high)
    return (low, high) if low < high else None


def solid(window: Window, whole: bool) -> Window:
    """The window without the empty space after its last whole number."""
    low, high = window
    return (low, after(high[1] - 1)) if whole and high[0] == 0 else window


def sole(window: Window, whole: bool) -> Fraction | None:
    """The number that is alone in the window, or None where there are more."""
    (low_rank, low, low_side), (high_rank, high, _) = solid(window, whole)
    return low if low_rank == high_rank == 0 and low == high and low_side == 0 else None


@frozen
class Stair:
    """weight · ⌊(sign·x − origin) / width⌋ with sign ±1 and 0 ≤ origin < width.

    Sign −1 is the staircase whose steps own their upper end, such as a ceiling.
    """

    weight: Fraction
    sign: int
    origin: Fraction
    width: Fraction

    def index(self, x: Fraction) -> int:
        """The number of the step that x stands on."""
        return (self.sign * x - self.origin) // self.width

    def first(self, low: Cut) -> int | None:
        """The step just inside the lower end of a window, or None without an end."""
        return self._beside(low, leaves=low[2] == 1 and self.sign < 0)

    def last(self, high: Cut) -> int | None:
        """The step just inside the upper end of a window, or None without an end."""
        return self._beside(high, leaves=high[2] == 0 and self.sign > 0)

    def _beside(self, cut: Cut, leaves: bool) -> int | None:
        place = (self.sign * cut[1] - self.origin) / self.width
        return None if cut[0] else ceil(place) - 1 if leaves else floor(place)

    def edge(self, step: int) -> Cut:
        """The cut where the step starts, on the way in which the staircase counts up."""
        return (0, self.sign * (self.origin + self.width * step), 0 if self.sign > 0 else 1)

    def window(self, start: int | None, stop: int | None) -> Window:
        """Where the steps from start up to, not with, stop lie; None: without end."""
        here = self.edge(start) if start is not None else (BOTTOM if self.sign > 0 else TOP)
        there = self.edge(stop) if stop is not None else (TOP if self.sign > 0 else BOTTOM)
        return (here, there) if self.sign > 0 else (there, here)

    def steps(self, window: Window) -> range | None:
        """The steps that the window touches, or None where they have no end."""
        a, b = self.first(window[0]), self.last(window[1])
        return None if a is None or b is None else range(min(a, b), max(a, b) + 1)


@frozen
class Line:
    """slope·x + constant, plus a staircase where there is one."""

    slope: Fraction
    constant: Fraction
    stair: Stair | None = None

    def at(self, x: Fraction) -> Fraction:
        """The value at x."""
        value = self.slope * x + self.constant
        return value if self.stair is None else value + self.stair.weight * self.stair.index(x)

    def scaled(self, factor: Fraction) -> Line:
        """This, `factor` times."""
        stair = evolve(self.stair, weight=self.stair.weight * factor) if self.stair is not None and factor else None
        return Line(self.slope * factor, self.constant * factor, stair)

    def on_step(self, step: int) -> Line:
        """The straight line that this is on one step of its staircase."""
        return Line(self.slope, self.constant + (self.stair.weight * step if self.stair else 0))


def constant(value: Fraction) -> Line:
    """The same value everywhere."""
    return Line(ZERO, value)


def staircase(line: Line, width: Fraction, whole: bool) -> Line:
    """⌊line / width⌋ of a straight line, width > 0."""
    if line.slope == 0:
        return constant(Fraction(line.constant // width))
    sign, steepness = (1 if line.slope > 0 else -1), abs(line.slope)
    width, origin = width / steepness, -line.constant / steepness
    if whole:
        return _on_whole(sign, origin, width)
    return _in_order(Line(ZERO, ZERO, Stair(Fraction(1), sign, origin, width)))


def _in_order(line: Line) -> Line:
    """The same staircase with its origin on the first step."""
    stair = line.stair
    assert stair is not None
    turns = stair.origin // stair.width
    origin = stair.origin - turns * stair.width
    return Line(line.slope, line.constant - stair.weight * turns, evolve(stair, origin=origin))


def _on_whole(sign: int, origin: Fraction, width: Fraction) -> Line:
    """⌊(sign·x − origin) / width⌋ for whole x: rising, with a whole origin and at most one step for two numbers."""
    long, short = width.numerator, width.denominator  # ⌊(short·sign·x − shift) / long⌋
    shift, weight, slope = ceil(origin * short), sign, 0
    if sign < 0:  # ⌊−y/n⌋ is −⌊(y + n − 1)/n⌋ for whole y
        shift = 1 - shift - long
    slope, short = weight * (short // long), short % long
    if 2 * short > long:  # x and a shorter staircase down
        slope, weight, short, shift = slope + weight, -weight, long - short, 1 - shift - long
    if short == 0:
        return Line(Fraction(slope), Fraction(-weight * shift))
    stair = Stair(Fraction(weight), 1, Fraction(shift, short), Fraction(long, short))
    return _in_order(Line(Fraction(slope), ZERO, stair))


def add(f: Line, g: Line) -> Line | None:
    """The sum, or None where the two staircases do not fit into one."""
    stair = f.stair or g.stair
    if f.stair is not None and g.stair is not None:
        weight = f.stair.weight + g.stair.weight
        stair = evolve(f.stair, weight=weight)
        if evolve(g.stair, weight=weight) != stair:
            return None
    return Line(f.slope + g.slope, f.constant + g.constant, stair if stair is not None and stair.weight else None)


def unroll(line: Line, window: Window, whole: bool) -> list[tuple[Window, Line]]:
    """The straight lines that the formula is made of on the window.

    Raises:
        NotACurve: there are too many of them.
    """
    if line.stair is None:
        return [(window, line)]
    steps = line.stair.steps(solid(window, whole))
    if steps is None or len(steps) > MAX_STEPS:
        raise NotACurve
    parts = [(meet(window, line.stair.window(step, step + 1), whole), line.on_step(step)) for step in steps]
    return sorted(((part, straight) for part, straight in parts if part is not None), key=lambda pair: pair[0])


def reduce(line: Line, window: Window, whole: bool) -> list[tuple[Window, Line]]:
    """The formula on the window with no more staircase than it needs: constants at a point, lines for one jump."""
    parts = [(window, line)]
    if line.stair is not None:
        steps = line.stair.steps(solid(window, whole))
        if steps is not None and len(steps) <= 2:
            parts = unroll(line, window, whole)
    points = [sole(where, whole) for where, _ in parts]
    return [(where, f if x is None else constant(f.at(x))) for (where, f), x in zip(parts, points, strict=True)]


def same_on(window: Window, f: Line, g: Line, whole: bool) -> bool:
    """Whether two formulas agree everywhere on the window, exactly."""
    if f == g:
        return True
    if whole:
        return _same_on_whole(window, f, g)
    return reduce(f, window, whole) == reduce(g, window, whole)


def _same_on_whole(window: Window, f: Line, g: Line) -> bool:
    """Agreement on whole numbers: two sequences with these periods that agree so far agree for ever."""
    (low_rank, low, _), (high_rank, high, _) = window
    period = [line.stair.width.numerator if line.stair else 1 for line in (f, g)]
    enough = min(sum(period) + 1, lcm(*period) + 2)
    if not low_rank and not high_rank and high - low < enough:
        enough = int(high - low)
    elif enough > MAX_TRIED:
        return False  # the form is unique there
    start = int(low) if not low_rank else 0 if high_rank else int(high) - enough
    return all(f.at(Fraction(x)) == g.at(Fraction(x)) for x in range(start, start + enough))


def nonnegative(line: Line, window: Window, whole: bool) -> list[tuple[Window, bool]]:
    """Where on the window the formula is ≥ 0: parts in order, neighbours may agree.

    Raises:
        NotACurve: its sign changes too often.
    """
    found: list[tuple[Window, bool]] = []
    for part, sign in _signs(line, solid(window, whole), whole):
        place = meet(part, window, whole)
        if place is not None:
            found.append((place, sign))
    return sorted(found)


def _signs(line: Line, window: Window, whole: bool) -> Iterator[tuple[Window, bool]]:
    stair = line.stair
    if stair is None:
        yield from _straight_signs(line)
        return
    # With u = (sign·x − origin) / width this is rise·u + base + weight·⌊u⌋: `drift` a step, and `rise` on a step.
    rise = line.slope * stair.sign * stair.width
    base = line.constant + line.slope * stair.sign * stair.origin
    drift = rise + stair.weight
    least = base + min(rise, ZERO)  # a step m is ≥ 0 throughout where drift·m + least ≥ 0
    if drift == 0:
        if least >= 0 or (base + rise <= 0 if rise > 0 else base < 0):
            yield window, least >= 0
            return
        start, stop = None, None  # every step changes sign
    elif drift > 0:
        stop = ceil(-least / drift)
        start = floor(-(base + rise) / drift) + 1 if rise > 0 else ceil(-base / drift)
    else:
        start = floor(-least / drift) + 1
        stop = ceil(-(base + rise) / drift) if rise > 0 else floor(-base / drift) + 1
    if start is not None:
        yield stair.window(None, start), drift < 0
        yield stair.window(stop, None), drift > 0
    mixed = meet(window, stair.window(start, stop), whole)
    if mixed is not None:
        for part, straight in unroll(line, mixed, whole):
            yield from ((place, sign) for where, sign in _straight_signs(straight) if (place := meet(where, part)))


def _straight_signs(line: Line) -> list[tuple[Window, bool]]:
    if line.slope == 0:
        return [((BOTTOM, TOP), line.constant >= 0)]
    root = -line.constant / line.slope
    cut = before(root) if line.slope > 0 else after(root)
    return [((BOTTOM, cut), line.slope < 0), ((cut, TOP), line.slope > 0)]
