"""The normal form of a rule with one free input: disjoint pieces that cover its domain, read by views and studies."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from fractions import Fraction

from attrs import evolve, field, frozen

from kpilib.meaning.expr import Absent, Domain, Expr, Guard, LabelIs, Round, Var, variables, walk
from kpilib.meaning.normal import Formula, Normaliser, overlay, tidied
from kpilib.meaning.pieces import BOTTOM, TOP, Cut, Line, NotACurve, Window, after, before, same_on, solid, whole_cut
from kpilib.quantity import Quantity, Unit, decimal_text, round_half_away

MAX_PIECES = 5000
# Steps of a staircase, counted from either end of its piece, whose edges are probed.
PROBED_STEPS = 3


@frozen
class Piece:
    """One formula on one interval; a bound of None is no bound.

    `formula` is a Line (slope·x + constant, and a staircase) or, in a gap, the Absent that evaluating gives.
    """

    lower: Fraction | None
    lower_closed: bool
    upper: Fraction | None
    upper_closed: bool
    formula: Formula

    @property
    def reason(self) -> str | None:
        """Why there is no value here, or None where there is one."""
        return self.formula.reason if isinstance(self.formula, Absent) else None

    @property
    def window(self) -> Window:
        """The interval as two cuts."""
        low = BOTTOM if self.lower is None else before(self.lower) if self.lower_closed else after(self.lower)
        high = TOP if self.upper is None else after(self.upper) if self.upper_closed else before(self.upper)
        return low, high

    def at(self, x: Fraction) -> Fraction | Absent:
        """The unrounded value at an x of the piece."""
        return self.formula if isinstance(self.formula, Absent) else self.formula.at(x)


def _piece(window: Window, formula: Formula, whole: bool) -> Piece:
    (low_rank, low, low_side), (high_rank, high, high_side) = solid(window, whole)
    return Piece(
        None if low_rank else low,
        not low_rank and low_side == 0,
        None if high_rank else high,
        not high_rank and high_side == 1,
        formula,
    )


@frozen
class Curve:
    """A score as a function of one variable: exact pieces in base units, and the places of the one rounding."""

    variable: Var
    pieces: tuple[Piece, ...]
    places: int | None = None
    _starts: list[Cut] = field(init=False, eq=False, repr=False)

    @_starts.default
    def _find_starts(self) -> list[Cut]:
        return [piece.window[0] for piece in self.pieces]

    @property
    def whole(self) -> bool:
        """Whether the variable counts things, so that only whole numbers are inputs."""
        return self.variable.domain.kind == "count"

    @property
    def grid(self) -> Fraction:
        """The ε of the probes: 1 for a count, else the domain's own, in base units."""
        return Fraction(1) if self.whole else self.variable.domain.grid

    def piece_at(self, x: Fraction) -> Piece:
        """The piece that x belongs to.

        Raises:
            ValueError: x is outside the domain.
        """
        if not self.holds(x):
            raise ValueError(f"{x} is outside the domain of {self.variable.name}")
        return self.pieces[bisect_right(self._starts, before(x)) - 1]

    def exact_at(self, x: Fraction) -> Fraction | Absent:
        """The value at x before rounding, x in base units.

        Raises:
            ValueError: x is outside the domain.
        """
        return self.piece_at(x).at(x)

    def at(self, x: Fraction) -> Fraction | Absent:
        """The value at x, rounded where the rule rounds, x in base units.

        Raises:
            ValueError: x is outside the domain.
        """
        value = self.exact_at(x)
        return value if isinstance(value, Absent) or self.places is None else round_half_away(value, self.places)

    def holds(self, x: Fraction) -> bool:
        """Whether x is an input of the domain."""
        low, high = domain_window(self.variable.domain)
        return low <= before(x) < high and (not self.whole or x.denominator == 1)

    def gaps(self) -> tuple[Piece, ...]:
        """The pieces that have no value."""
        return tuple(piece for piece in self.pieces if piece.reason is not None)

    def boundaries(self) -> tuple[Fraction, ...]:
        """The inputs where the formula changes, rising; of a count, the first whole number of the new formula."""
        return tuple(dict.fromkeys(cut[1] for cut in self._starts[1:]))

    def probes(self) -> tuple[Fraction, ...]:
        """Inputs that show every change, rising: t − ε, t, t + ε as far as they are in the domain, ε one grid step.

        t is each boundary, each end of the domain and the edges of the first and last few steps of a staircase.
        """
        domain = self.variable.domain
        places = {*self.boundaries(), *(edge for piece in self.pieces for edge in _edges(piece, self.whole))}
        places |= {end for end in (self.pieces[0].lower, self.pieces[-1].upper, domain.minimum) if end is not None}
        near = {t + shift for t in places or {Fraction(0)} for shift in (-self.grid, Fraction(0), self.grid)}
        if self.whole:
            near = {Fraction(x.numerator // x.denominator) for x in near}
        return tuple(sorted(x for x in near if self.holds(x)))

    def same_as(self, other: Curve) -> bool:
        """Whether both give the same values (or lack of one) on the same domain, exactly; names do not matter."""
        mine, theirs = self.variable.domain, other.variable.domain
        if (self.places, self.whole, domain_window(mine)) != (other.places, other.whole, domain_window(theirs)):
            return False
        if self.variable.unit.kind != other.variable.unit.kind:
            return False
        for window, f, g in overlay(self._cells(), other._cells()):
            if isinstance(f, Absent) or isinstance(g, Absent):
                if f != g:
                    return False
            elif not same_on(window, f, g, self.whole):
                return False
        return True

    def _cells(self) -> list[tuple[Window, Formula]]:
        cells = [(piece.window, piece.formula) for piece in self.pieces]
        return [((whole_cut(a), whole_cut(b)), f) for (a, b), f in cells] if self.whole else cells

    def covers_once(self) -> bool:
        """Whether every input of the domain lies in exactly one piece (it always does; for tests)."""
        windows = [window for window, _ in self._cells()]
        low, high = domain_window(self.variable.domain)
        ends = [low, *(window[1] for window in windows)]
        return ends[-1] == high and all(a == w[0] < w[1] for a, w in zip(ends, windows, strict=False))

    def __str__(self) -> str:
        return "\n".join(f"{self._range_text(piece)}：{self._formula_text(piece)}" for piece in self.pieces)

    def _range_text(self, piece: Piece) -> str:
        name, unit, low, high = self.variable.name, self.variable.unit, "", ""
        if piece.lower is not None:
            low = str(Quantity(piece.lower / unit.size, unit))
        if piece.upper is not None:
            high = str(Quantity(piece.upper / unit.size, unit))
        if low == high:
            return f"{name} = {low}" if low else f"任何 {name}"
        if not low:
            return f"{name} {'≤' if piece.upper_closed else '<'} {high}"
        if not high:
            return f"{name} {'≥' if piece.lower_closed else '>'} {low}"
        left, right = ("≤" if closed else "<" for closed in (piece.lower_closed, piece.upper_closed))
        return f"{low} {left} {name} {right} {high}"

    def _formula_text(self, piece: Piece) -> str:
        if isinstance(piece.formula, Absent):
            return f"没有规定（{piece.formula.reason}）" if piece.formula.code == "KPI501" else piece.formula.reason
        return line_text(in_unit(piece.formula, self.variable.unit), self.variable.name)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON; numbers are decimal text (or a/b) in the variable's own unit, points in points."""
        return {
            "variable": self.variable.name,
            "unit": self.variable.unit.symbol,
            "domain": self.variable.domain.kind,
            "places": self.places,
            "pieces": [self._piece_dict(piece) for piece in self.pieces],
        }

    def _piece_dict(self, piece: Piece) -> dict[str, object]:
        size = self.variable.unit.size
        row: dict[str, object] = {
            "lower": None if piece.lower is None else decimal_text(piece.lower / size),
            "lower_closed": piece.lower_closed,
            "upper": None if piece.upper is None else decimal_text(piece.upper / size),
            "upper_closed": piece.upper_closed,
            "text": f"{self._range_text(piece)}：{self._formula_text(piece)}",
        }
        if isinstance(piece.formula, Absent):
            return row | {"reason": piece.formula.reason, "code": piece.formula.code}
        line = in_unit(piece.formula, self.variable.unit)
        row |= {"slope": decimal_text(line.slope), "constant": decimal_text(line.constant), "stair": None}
        if line.stair is not None:
            row["stair"] = {
                "weight": decimal_text(line.stair.weight),
                "sign": line.stair.sign,
                "origin": decimal_text(line.stair.origin),
                "width": decimal_text(line.stair.width),
            }
        return row


def curve_of(expr: Expr, *, domain: Domain | None = None) -> Curve | None:
    """The curve of an expression with one free numeric variable and all parameters bound, else None.

    None also where the pieces would not be exact (x as a divisor, staircases that do not fit together) or would be
    more than MAX_PIECES.  `domain` takes the place of the variable's own.
    """
    inputs = variables(expr)
    if len(inputs) != 1 or inputs[0].domain.kind == "label" or any(_is_label(node) for node in walk(expr)):
        return None
    variable = inputs[0] if domain is None else evolve(inputs[0], domain=domain)
    whole = variable.domain.kind == "count"
    body, places = (expr.body, expr.places) if isinstance(expr, Round) else (expr, None)
    window = domain_window(variable.domain)
    if not window[0] < window[1]:
        return None
    try:
        cells = tidied(Normaliser(whole).cells(body, window), whole)
    except NotACurve:
        return None
    if len(cells) > MAX_PIECES:
        return None
    return Curve(variable, tuple(_piece(where, formula, whole) for where, formula in cells), places)


def _is_label(node: Expr | Guard) -> bool:
    return isinstance(node, LabelIs)


def domain_window(domain: Domain) -> Window:
    """The inputs of a domain, its ends included; counts start at 0."""
    low = BOTTOM if domain.minimum is None else before(domain.minimum)
    high = TOP if domain.maximum is None else after(domain.maximum)
    if domain.kind == "count":
        return whole_cut(max(low, before(Fraction(0)))), whole_cut(high)
    return low, high


def _edges(piece: Piece, whole: bool) -> Iterator[Fraction]:
    """Where the first and the last few steps of the piece's staircase start."""
    stair = piece.formula.stair if isinstance(piece.formula, Line) else None
    if stair is None:
        return
    low, high = solid(piece.window, whole)
    ends = [end for end in (stair.first(low), stair.last(high)) if end is not None] or [0]
    for end in ends:
        for step in range(end - PROBED_STEPS, end + PROBED_STEPS + 1):
            edge = stair.edge(step)
            if low <= edge < high:
                yield edge[1]


def in_unit(line: Line, unit: Unit) -> Line:
    """The same formula for an x that is given in the unit."""
    stair, size = line.stair, unit.size
    if stair is not None:
        stair = evolve(stair, origin=stair.origin / size, width=stair.width / size)
    return Line(line.slope * size, line.constant, stair)


def line_text(line: Line, name: str) -> str:
    """A formula as people write it: 2·x − 160, 20 − 3·⌈(x − 1)/5⌉."""
    terms: list[tuple[Fraction, str]] = []
    if line.slope:
        terms.append((line.slope, name))
    if line.stair is not None:
        stair = line.stair
        shift = stair.sign * stair.origin  # ⌊(−x − o)/k⌋ is −⌈(x + o)/k⌉
        inner = name if not shift else f"{name} {'−' if shift > 0 else '+'} {decimal_text(abs(shift))}"
        if stair.width != 1:
            inner = f"{inner if not shift else f'({inner})'}/{decimal_text(stair.width)}"
        terms.append((stair.weight * stair.sign, f"⌊{inner}⌋" if stair.sign > 0 else f"⌈{inner}⌉"))
    if line.constant or not terms:
        terms.append((line.constant, ""))
    terms.sort(key=lambda term: term[0] < 0)  # what is added comes first
    text = ""
    for weight, symbol in terms:
        sign = " − " if weight < 0 else " + "
        sign = sign if text else ("−" if weight < 0 else "")
        amount = decimal_text(abs(weight))
        text += sign + (amount if not symbol else symbol if amount == "1" else f"{amount}·{symbol}")
    return text
