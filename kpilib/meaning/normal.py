"""From an expression with one free input to formulas on intervals: the work behind `curve_of`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import TypeVar

from attrs import define

from kpilib.meaning.expr import (
    Absent,
    And,
    Case,
    Compare,
    Const,
    Expr,
    Floor,
    Guard,
    Max,
    Min,
    Or,
    Ratio,
    Sum,
    Undefined,
    Var,
)
from kpilib.meaning.pieces import (
    Cut,
    Line,
    NotACurve,
    Window,
    add,
    constant,
    meet,
    nonnegative,
    reduce,
    same_on,
    sole,
    staircase,
    unroll,
)

Formula = Line | Absent
Cells = list[tuple[Window, Formula]]
Truth = list[tuple[Window, bool | Absent]]
A = TypeVar("A")
B = TypeVar("B")

# Cells that one expression may pass through before it is refused.
MAX_WORK = 200_000


@define
class Normaliser:
    """Gives the cells of an expression on a window; cells are in order and cover the window once.

    Raises:
        NotACurve: from every method, where the result is not exact pieces or would be too many.
    """

    whole: bool
    work: int = 0

    def cells(self, expr: Expr, window: Window) -> Cells:
        """The formulas of an expression on a window."""
        match expr:
            case Const(value=value):
                return [(window, constant(value))]
            case Var(domain=domain) if domain.kind != "label":
                return [(window, Line(Fraction(1), Fraction(0)))]
            case Sum(terms=terms, constant=start):
                parts = [self._scaled(self.cells(term, window), weight) for weight, term in terms]
                return self._fold([[(window, constant(start))], *parts], self._add)
            case Ratio(numerator=top, denominator=bottom, reason=reason):
                return self._divided(top, bottom, reason, window, self._quotient)
            case Floor(numerator=top, step=bottom, reason=reason):
                return self._divided(top, bottom, reason, window, self._steps)
            case Case(branches=branches, default=default):
                return self._case(branches, default, window)
            case Min(parts=exprs):
                return self._fold([self.cells(part, window) for part in exprs], self._least)
            case Max(parts=exprs):
                return self._fold([self.cells(part, window) for part in exprs], self._greatest)
            case Undefined(reason=reason, span=span, code=code):
                return [(window, Absent(reason, span, code))]
            case _:
                raise NotACurve  # a free parameter, a label, a second rounding

    def _spend(self, amount: int) -> None:
        self.work += amount
        if self.work > MAX_WORK:
            raise NotACurve

    def _scaled(self, cells: Cells, weight: Fraction) -> Cells:
        return cells if weight == 1 else [(w, f if isinstance(f, Absent) else f.scaled(weight)) for w, f in cells]

    def _fold(self, lists: list[Cells], join: Callable[[Window, Line, Line], Cells]) -> Cells:
        """Join the lists two by two; an Absent of an earlier list wins, as it does in evaluating."""
        while len(lists) > 1:
            pairs = [self._joined(a, b, join) for a, b in zip(lists[::2], lists[1::2], strict=False)]
            lists = pairs + lists[len(pairs) * 2 :]
        return lists[0]

    def _joined(self, a: Cells, b: Cells, join: Callable[[Window, Line, Line], Cells]) -> Cells:
        out: Cells = []
        for window, f, g in overlay(a, b):
            if isinstance(f, Absent) or isinstance(g, Absent):
                out.append((window, f if isinstance(f, Absent) else g))
            else:
                out += join(window, f, g)
        self._spend(len(out))
        return joined(out)

    def _add(self, window: Window, f: Line, g: Line) -> Cells:
        return [(part, total) for part, a, b in self._fitting(window, f, g) if (total := add(a, b)) is not None]

    def _fitting(self, window: Window, f: Line, g: Line) -> list[tuple[Window, Line, Line]]:
        """The pair on parts of the window where it can be added: whole, or with the shorter staircase written out."""
        if add(f, g) is not None:
            return [(window, f, g)]
        try:
            return [(part, straight, g) for part, straight in unroll(f, window, self.whole)]
        except NotACurve:
            return [(part, f, straight) for part, straight in unroll(g, window, self.whole)]

    def _least(self, window: Window, f: Line, g: Line) -> Cells:
        return self._chosen(window, f, g, g, f)

    def _greatest(self, window: Window, f: Line, g: Line) -> Cells:
        return self._chosen(window, f, g, f, g)

    def _chosen(self, window: Window, f: Line, g: Line, above: Line, below: Line) -> Cells:
        """`above` where f ≥ g, `below` elsewhere; at a tie they are equal."""
        try:
            return [(part, above if sign else below) for part, sign in self._at_least(window, f, g)]
        except NotACurve:
            return [(part, below if sign else above) for part, sign in self._at_least(window, g, f)]

    def _at_least(self, window: Window, f: Line, g: Line) -> list[tuple[Window, bool]]:
        """Where f ≥ g."""
        found: list[tuple[Window, bool]] = []
        for part, a, b in self._fitting(window, f, g.scaled(Fraction(-1))):
            difference = add(a, b)
            assert difference is not None
            found += nonnegative(difference, part, self.whole)
        self._spend(len(found))
        return found

    def _divided(
        self, top: Expr, bottom: Expr, reason: str, window: Window, divide: Callable[[Window, Line, Fraction], Cells]
    ) -> Cells:
        """The denominator first, as in evaluating; it has to be constant on each cell."""
        out: Cells = []
        for part, divisor in self.cells(bottom, window):
            if isinstance(divisor, Absent):
                out.append((part, divisor))
            elif divisor.slope or divisor.stair is not None:
                raise NotACurve
            elif divisor.constant <= 0:
                out.append((part, Absent(reason, code="KPI502")))
            else:
                for where, f in self.cells(top, part):
                    out += [(where, f)] if isinstance(f, Absent) else divide(where, f, divisor.constant)
        return out

    def _quotient(self, window: Window, f: Line, divisor: Fraction) -> Cells:
        return [(window, f.scaled(1 / divisor))]

    def _steps(self, window: Window, f: Line, divisor: Fraction) -> Cells:
        parts = unroll(f, window, self.whole)
        self._spend(len(parts))
        return [(part, staircase(straight, divisor, self.whole)) for part, straight in parts]

    def _case(self, branches: Sequence[tuple[Guard, Expr]], default: Expr, window: Window) -> Cells:
        out: Cells = []
        rest = [window]
        for guard, body in branches:
            undecided: list[Window] = []
            for part, truth in self.truth(guard, rest):
                if truth is False:
                    undecided.append(part)
                else:
                    out += self.cells(body, part) if truth is True else [(part, truth)]
            rest = undecided
            if not rest:
                break
        if rest:  # once over all of it, so that a long chain of else stays cheap
            beyond = self.cells(default, (rest[0][0], rest[-1][1]))
            out += [(part, f) for part, f, _ in overlay(beyond, [(part, None) for part in rest])]
        self._spend(len(out))
        return joined(sorted(out, key=lambda cell: cell[0]))

    def truth(self, guard: Guard, windows: list[Window]) -> Truth:
        """Where on the windows a guard holds."""
        if not windows:
            return []
        hull = (windows[0][0], windows[-1][1])
        match guard:
            case Compare(left=left, operator=operator, right=right):
                cells = overlay(self.cells(left, hull), self.cells(right, hull))
                found = [cell for place, f, g in cells for cell in self._compared(place, operator, f, g)]
            case And(parts=guards):
                found = self._sequence(guards, hull, stop=False)
            case Or(parts=guards):
                found = self._sequence(guards, hull, stop=True)
            case _:
                raise NotACurve
        everywhere: list[tuple[Window, None]] = [(part, None) for part in windows]
        self._spend(len(windows) + len(found))
        return joined([(part, truth) for part, truth, _ in overlay(joined(found), everywhere)])

    def _sequence(self, guards: Sequence[Guard], hull: Window, stop: bool) -> Truth:
        """Part by part, as in evaluating: the first that is `stop` (or Absent) decides."""
        decided: Truth = []
        rest = [hull]
        for guard in guards:
            found = self.truth(guard, rest)
            decided += [cell for cell in found if cell[1] is not (not stop)]
            rest = [part for part, truth in found if truth is (not stop)]
        return sorted(decided + [(part, not stop) for part in rest], key=lambda cell: cell[0])

    def _compared(self, window: Window, operator: str, f: Formula, g: Formula) -> Truth:
        if isinstance(f, Absent):
            return [(window, f)]
        if isinstance(g, Absent):
            return [(window, g)]
        match operator:
            case ">=":
                return list(self._at_least(window, f, g))
            case "<=":
                return list(self._at_least(window, g, f))
            case "<":
                return [(part, not sign) for part, sign in self._at_least(window, f, g)]
            case ">":
                return [(part, not sign) for part, sign in self._at_least(window, g, f)]
        both = overlay(self._at_least(window, f, g), self._at_least(window, g, f))
        return [(part, a and b) for part, a, b in both]


def overlay(a: Sequence[tuple[Window, A]], b: Sequence[tuple[Window, B]]) -> Iterator[tuple[Window, A, B]]:
    """Both lists on their common parts, in order."""
    i = j = 0
    while i < len(a) and j < len(b):
        part = meet(a[i][0], b[j][0])
        if part is not None:
            yield part, a[i][1], b[j][1]
        if a[i][0][1] <= b[j][0][1]:
            i += 1
        else:
            j += 1


def joined(cells: list[tuple[Window, A]]) -> list[tuple[Window, A]]:
    """The cells with touching neighbours of equal content made one."""
    out: list[tuple[Window, A]] = []
    for window, content in cells:
        if out and out[-1][1] == content and out[-1][0][1] == window[0]:
            out[-1] = ((out[-1][0][0], window[1]), out[-1][1])
        else:
            out.append((window, content))
    return out


def tidied(cells: Cells, whole: bool) -> Cells:
    """The same function with as few cells and as little staircase as is easily seen.

    Equal neighbours become one, staircases of at most one jump become lines, and where two cells meet in one value
    the place belongs to the upper one.
    """
    out: Cells = []
    for window, formula in joined(cells):
        parts: Cells = [(window, formula)]
        if isinstance(formula, Line):
            parts = list(reduce(formula, window, whole))
        for part in parts:
            out = _appended(out, part, whole)
    for i in range(1, len(out)):
        _settle(out, i, whole)
    settled: Cells = []
    for cell in out:  # a cell that has become one number may say what the one before it says
        settled = _appended(settled, cell, whole)
    return settled


def _appended(out: Cells, cell: tuple[Window, Formula], whole: bool) -> Cells:
    """The cells with one more, taken into its neighbour where one formula says both."""
    window, formula = cell
    while out:
        last_window, last = out[-1]
        if _agree(window, last, formula, whole):
            formula = last
        elif not _agree(last_window, formula, last, whole):
            break
        window = (last_window[0], window[1])
        out.pop()
    out.append((window, formula))
    return out


def _agree(window: Window, f: Formula, g: Formula, whole: bool) -> bool:
    if isinstance(f, Absent) or isinstance(g, Absent):
        return f == g
    return same_on(window, f, g, whole)


def _settle(cells: Cells, i: int, whole: bool) -> None:
    """Give the last number of the cell before i to cell i where both formulas agree on it."""
    (before_window, f), (window, g) = cells[i - 1], cells[i]
    _, value, side = window[0]
    if isinstance(f, Absent) or isinstance(g, Absent) or sole(before_window, whole) is not None:
        return
    last = value - 1 if whole else value
    if (whole or side == 1) and f.at(last) == g.at(last):
        cut: Cut = (0, last, 0)
        cells[i - 1], cells[i] = ((before_window[0], cut), f), ((cut, window[1]), g)
        point = sole(cells[i - 1][0], whole)
        if point is not None:
            cells[i - 1] = (cells[i - 1][0], constant(f.at(point)))
