"""The engine that defines the meaning: `evaluate` says what an expression is worth, `Scorer` says the same fast."""

from __future__ import annotations

import operator
from bisect import bisect_right
from collections.abc import Callable, Mapping
from decimal import Decimal
from fractions import Fraction
from math import floor, lcm
from types import MappingProxyType

from kpilib.meaning.curve import Curve, curve_of
from kpilib.meaning.expr import (
    Absent,
    And,
    Case,
    Compare,
    Const,
    Domain,
    Expr,
    Floor,
    Guard,
    LabelIs,
    Max,
    Min,
    Or,
    Param,
    Ratio,
    Round,
    Sum,
    Undefined,
    Var,
    variables,
)
from kpilib.meaning.pieces import Line
from kpilib.quantity import round_half_away

Env = Mapping[str, Fraction | str | Absent]
NOTHING: Mapping[str, Fraction] = MappingProxyType({})
COMPARE: dict[str, Callable[..., bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
}
UNBOUND = Absent("目标值还没有给", code="KPI503")


class NoValue(Exception):
    """Carries an Absent out of the depth of an expression; never leaves this file."""

    def __init__(self, absent: Absent) -> None:
        super().__init__(absent.reason)
        self.absent = absent


def evaluate(expr: Expr, env: Env, params: Mapping[str, Fraction] = NOTHING) -> Fraction | Absent:
    """The exact worth of an expression for inputs and parameters in base units, or the first Absent on the way.

    Raises:
        KeyError: a variable has no input.
    """
    try:
        return _value(expr, env, params)
    except NoValue as missing:
        return missing.absent


def _value(expr: Expr, env: Env, params: Mapping[str, Fraction]) -> Fraction:
    match expr:
        case Const(value=value):
            return value
        case Var(name=name):
            return _number(env[name])
        case Param(name=name):
            if name not in params:
                raise NoValue(UNBOUND)
            return params[name]
        case Sum(terms=terms, constant=total):
            for weight, term in terms:
                total += weight * _value(term, env, params)
            return total
        case Ratio(numerator=top, denominator=bottom, reason=reason) | Floor(numerator=top, step=bottom, reason=reason):
            divisor = _value(bottom, env, params)
            if divisor <= 0:
                raise NoValue(Absent(reason, code="KPI502"))
            quotient = _value(top, env, params) / divisor
            return quotient if isinstance(expr, Ratio) else Fraction(floor(quotient))
        case Case(branches=branches, default=default):
            for guard, body in branches:
                if _holds(guard, env, params):
                    return _value(body, env, params)
            return _value(default, env, params)
        case Min(parts=parts):
            return min([_value(part, env, params) for part in parts])
        case Max(parts=parts):
            return max([_value(part, env, params) for part in parts])
        case Undefined(reason=reason, span=span, code=code):
            raise NoValue(Absent(reason, span, code))
        case Round(body=body, places=places):
            return round_half_away(_value(body, env, params), places)


def _holds(guard: Guard, env: Env, params: Mapping[str, Fraction]) -> bool:
    """Whether a guard holds; And and Or look at no more parts than they need, from the left."""
    match guard:
        case Compare(left=left, operator=sign, right=right):
            return COMPARE[sign](_value(left, env, params), _value(right, env, params))
        case LabelIs(variable=variable, label=label):
            return env[variable.name] == label
        case And(parts=guards):
            return all(_holds(part, env, params) for part in guards)
        case Or(parts=guards):
            return any(_holds(part, env, params) for part in guards)


def _number(value: Fraction | str | Absent) -> Fraction:
    if isinstance(value, Absent):
        raise NoValue(value)
    if isinstance(value, str):
        raise TypeError("a label has no number")
    return value


# --- the fast path: integers all the way -------------------------------------------------------------

Pair = tuple[int, int]  # numerator, denominator > 0, not always in lowest terms
Pairs = Mapping[str, Pair | str | Absent]
Scale = Callable[[int, int], int | Absent]


class Scorer:
    """Scores inputs of one expression whose parameters are bound, rounded to `places`, equal to `evaluate` throughout.

    With one numeric variable and a curve, an input costs a search among integer breakpoints and a few products;
    otherwise the expression is compiled once to functions over pairs of integers.
    """

    __slots__ = ("_body", "_scale", "curve", "expr", "places")

    def __init__(self, expr: Expr, places: int | None = None) -> None:
        """Compile; without `places` those of the Round at the root hold, or 2."""
        root = expr.places if isinstance(expr, Round) else None
        self.expr = expr
        self.places = places if places is not None else root if root is not None else 2
        body = expr.body if isinstance(expr, Round) and root == self.places else expr
        self._body = _compiled(body)
        # Over all rationals: whether an input fits its domain is the caller's question.
        self.curve: Curve | None = None if isinstance(body, Round) else curve_of(body, domain=Domain())
        self._scale = self._single(body) if self.curve is None else self._search(self.curve)

    def score_scaled(self, n: int, d: int) -> int | Absent:
        """The points times 10**places for the one input n/d in base units, d > 0."""
        return self._scale(n, d)

    def score_decimal(self, value: Decimal, size: Pair = (1, 1)) -> Decimal | Absent:
        """The points for a finite decimal in a unit of size[0]/size[1] base units, without trailing zeros."""
        n, d = value.as_integer_ratio()
        scaled = self._scale(n * size[0], d * size[1])
        return scaled if isinstance(scaled, Absent) else self._decimal(scaled)

    def score_int(self, value: int, size: Pair = (1, 1)) -> Decimal | Absent:
        """The points for a whole number in a unit of size[0]/size[1] base units, without trailing zeros."""
        scaled = self._scale(value * size[0], size[1])
        return scaled if isinstance(scaled, Absent) else self._decimal(scaled)

    def score(self, env: Env) -> Decimal | Absent:
        """The points for inputs by name, numbers in base units, without trailing zeros."""
        scaled = self.score_env_scaled(env)
        return scaled if isinstance(scaled, Absent) else self._decimal(scaled)

    def score_env_scaled(self, env: Env) -> int | Absent:
        """The points times 10**places for inputs by name, numbers in base units."""
        return self.score_pairs({k: v.as_integer_ratio() if isinstance(v, Fraction) else v for k, v in env.items()})

    def score_pairs(self, env: Pairs) -> int | Absent:
        """The points times 10**places for inputs by name, numbers as (numerator, denominator > 0)."""
        try:
            n, d = self._body(env)
        except NoValue as missing:
            return missing.absent
        return _rounded(n * 10**self.places, d)

    def _decimal(self, scaled: int) -> Decimal:
        places = self.places
        while places and scaled % 10 == 0:
            scaled //= 10
            places -= 1
        return Decimal(f"{scaled}E-{places}") if places else Decimal(scaled)

    def _single(self, body: Expr) -> Scale:
        names = [variable.name for variable in variables(body)]
        return lambda n, d: self.score_pairs(dict.fromkeys(names, (n, d)))

    def _search(self, curve: Curve) -> Scale:
        """Find the piece by 2·⌊x·unit⌋ (+1 between breakpoints' multiples), then apply its integer coefficients."""
        starts = [piece.window[0] for piece in curve.pieces[1:]]
        unit = lcm(1, *(value.denominator for _, value, _ in starts))
        keys = [2 * (value.numerator * (unit // value.denominator)) + side for _, value, side in starts]
        rows = [
            piece.formula if isinstance(piece.formula, Absent) else _row(piece.formula, self.places)
            for piece in curve.pieces
        ]

        def scale(n: int, d: int) -> int | Absent:
            whole, left = divmod(n * unit, d)
            row = rows[bisect_right(keys, 2 * whole + (left > 0))]
            if isinstance(row, Absent):
                return row
            slope, constant, below, stair = row
            value = slope * n + constant * d
            if stair is not None:
                weight, rise, start, width = stair
                value += weight * ((rise * n + start * d) // (width * d)) * d
            below *= d
            return (2 * value + below) // (2 * below) if value >= 0 else -((below - 2 * value) // (2 * below))

        return scale


def _row(line: Line, places: int) -> tuple[int, int, int, tuple[int, int, int, int] | None]:
    """Coefficients times 10**places over one denominator: (slope·n + constant·d + weight·⌊…⌋·d) / (denominator·d)."""
    slope, constant, stair = line.slope * 10**places, line.constant * 10**places, line.stair
    if stair is None:
        below = lcm(slope.denominator, constant.denominator)
        return int(slope * below), int(constant * below), below, None
    weight, rise, start = stair.weight * 10**places, stair.sign / stair.width, -stair.origin / stair.width
    below = lcm(slope.denominator, constant.denominator, weight.denominator)
    width = lcm(rise.denominator, start.denominator)
    steps = (int(weight * below), int(rise * width), int(start * width), width)
    return int(slope * below), int(constant * below), below, steps


def _rounded(n: int, d: int) -> int:
    """n/d as a whole number, half away from zero."""
    return (2 * n + d) // (2 * d) if n >= 0 else -((d - 2 * n) // (2 * d))


def _compiled(expr: Expr) -> Callable[[Pairs], Pair]:
    """The expression as a function over pairs of integers; raises NoValue where evaluate gives an Absent."""
    match expr:
        case Const(value=value):
            pair = value.as_integer_ratio()
            return lambda env: pair
        case Var(name=name):
            return lambda env: _pair(env[name])
        case Sum(terms=terms, constant=start):
            return _sum(terms, start)
        case Ratio(numerator=top, denominator=bottom, reason=reason):
            return _division(_compiled(top), _compiled(bottom), reason, floored=False)
        case Floor(numerator=top, step=bottom, reason=reason):
            return _division(_compiled(top), _compiled(bottom), reason, floored=True)
        case Case(branches=branches, default=default):
            return _case([(_guard(guard), _compiled(body)) for guard, body in branches], _compiled(default))
        case Min(parts=parts):
            return _extreme([_compiled(part) for part in parts], -1)
        case Max(parts=parts):
            return _extreme([_compiled(part) for part in parts], 1)
        case Param():
            return _raiser(UNBOUND)
        case Undefined(reason=reason, span=span, code=code):
            return _raiser(Absent(reason, span, code))
        case Round(body=body, places=places):
            inner, scale = _compiled(body), 10**places

            def rounded(env: Pairs) -> Pair:
                n, d = inner(env)
                return _rounded(n * scale, d), scale

            return rounded


def _pair(value: Pair | str | Absent) -> Pair:
    if isinstance(value, Absent):
        raise NoValue(value)
    if isinstance(value, str):
        raise TypeError("a label has no number")
    return value


def _raiser(absent: Absent) -> Callable[[Pairs], Pair]:
    def missing(env: Pairs) -> Pair:
        raise NoValue(absent)

    return missing


def _sum(terms: tuple[tuple[Fraction, Expr], ...], start: Fraction) -> Callable[[Pairs], Pair]:
    unit = lcm(start.denominator, *(weight.denominator for weight, _ in terms))
    constant, parts = int(start * unit), [(int(weight * unit), _compiled(term)) for weight, term in terms]

    def total(env: Pairs) -> Pair:
        top, bottom = constant, 1
        for weight, part in parts:
            n, d = part(env)
            if d == bottom:
                top += weight * n
            else:
                top, bottom = top * d + weight * n * bottom, bottom * d
        return top, bottom * unit

    return total


def _division(
    top: Callable[[Pairs], Pair], bottom: Callable[[Pairs], Pair], reason: str, *, floored: bool
) -> Callable[[Pairs], Pair]:
    absent = Absent(reason, code="KPI502")

    def divided(env: Pairs) -> Pair:
        step, unit = bottom(env)
        if step <= 0:
            raise NoValue(absent)
        n, d = top(env)
        return ((n * unit) // (d * step), 1) if floored else (n * unit, d * step)

    return divided


def _case(
    branches: list[tuple[Callable[[Pairs], bool], Callable[[Pairs], Pair]]], default: Callable[[Pairs], Pair]
) -> Callable[[Pairs], Pair]:
    def chosen(env: Pairs) -> Pair:
        for holds, body in branches:
            if holds(env):
                return body(env)
        return default(env)

    return chosen


def _extreme(parts: list[Callable[[Pairs], Pair]], side: int) -> Callable[[Pairs], Pair]:
    """The greatest part (side 1) or the least (side −1)."""

    def best(env: Pairs) -> Pair:
        top, bottom = parts[0](env)
        for part in parts[1:]:
            n, d = part(env)
            if side * (n * bottom - top * d) > 0:
                top, bottom = n, d
        return top, bottom

    return best


def _guard(guard: Guard) -> Callable[[Pairs], bool]:
    match guard:
        case Compare(left=left, operator=sign, right=right):
            return _comparison(_compiled(left), COMPARE[sign], _compiled(right))
        case LabelIs(variable=variable, label=label):
            name = variable.name
            return lambda env: env[name] == label
        case And(parts=guards):
            every = [_guard(part) for part in guards]
            return lambda env: all(holds(env) for holds in every)
        case Or(parts=guards):
            some = [_guard(part) for part in guards]
            return lambda env: any(holds(env) for holds in some)


def _comparison(
    left: Callable[[Pairs], Pair], holds: Callable[..., bool], right: Callable[[Pairs], Pair]
) -> Callable[[Pairs], bool]:
    def compared(env: Pairs) -> bool:
        (a, b), (c, d) = left(env), right(env)
        return holds(a * d, c * b)

    return compared
