"""The waist: a small typed score expression that every engine reads.

An expression gives an exact number or an `Absent` (a reason why there is none), for every input; it never gives None.
All numbers are in base units (a rate as a ratio, money in 元, time in days); points are points.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from kpilib.quantity import PLAIN, Unit
from kpilib.text import Node, Span

Operator = Literal["<", "<=", ">", ">=", "=="]
OPPOSITE: dict[Operator, Operator] = {"<": ">=", "<=": ">", ">": "<=", ">=": "<"}
MIRRORED: dict[Operator, Operator] = {"<": ">", "<=": ">=", ">": "<", ">=": "<=", "==": "=="}


@frozen(repr=False)
class Domain(Node):
    """What a variable may be: whole numbers from 0 (`count`), any rational (`real`), or one of the `labels`.

    `grid` is the step, in base units, between neighbouring values that a sheet can hold: the ε of t−ε, t, t+ε.
    """

    kind: Literal["count", "real", "label"] = "real"
    minimum: Fraction | None = None
    maximum: Fraction | None = None
    grid: Fraction = Fraction(1, 100)
    labels: tuple[str, ...] = ()
    optional: bool = False  # marks that only some cases ask for
    due: str = ""  # of a delay: what it is counted from, so that a date can stand for it
    early: bool = False  # how early, not how late


@frozen(repr=False)
class Const(Node):
    """A number."""

    value: Fraction


@frozen(repr=False)
class Var(Node):
    """An input: a metric, a count of events, or a label that a person picks."""

    name: str
    unit: Unit = PLAIN
    domain: Domain = Domain()


@frozen(repr=False)
class Param(Node):
    """A parameter that may be bound later or differ from person to person: the target `T`."""

    name: str
    unit: Unit = PLAIN


@frozen(repr=False)
class Sum(Node):
    """constant + Σ coefficient · term: affine combinations, adding and scaling."""

    terms: tuple[tuple[Fraction, Expr], ...]
    constant: Fraction = Fraction(0)


@frozen(repr=False)
class Ratio(Node):
    """numerator / denominator; absent where the denominator is not above 0."""

    numerator: Expr
    denominator: Expr
    reason: str = "目标值必须大于0"


@frozen(repr=False)
class Floor(Node):
    """⌊numerator / step⌋, a whole number of steps; absent where the step is not above 0.  A ceiling is −⌊−x⌋."""

    numerator: Expr
    step: Expr
    reason: str = "目标值必须大于0"


@frozen(repr=False)
class Case(Node):
    """The value of the first branch whose guard holds, else the default; what is not chosen is not evaluated."""

    branches: tuple[tuple[Guard, Expr], ...]
    default: Expr


@frozen(repr=False)
class Min(Node):
    """The least of its parts (且: the worse for the person; a cap)."""

    parts: tuple[Expr, ...]


@frozen(repr=False)
class Max(Node):
    """The greatest of its parts (或: the better for the person; a floor)."""

    parts: tuple[Expr, ...]


@frozen(repr=False)
class Undefined(Node):
    """No value, with the reason: a gap between rungs."""

    reason: str
    span: Span | None = field(default=None, eq=False, repr=False)
    code: str = "KPI501"


@frozen(repr=False)
class Round(Node):
    """The value rounded to decimal places, half away from zero; stands once, at the root."""

    body: Expr
    places: int = 2


@frozen(repr=False)
class Compare(Node):
    """left OP right."""

    left: Expr
    operator: Operator
    right: Expr


@frozen(repr=False)
class LabelIs(Node):
    """The label variable holds this label."""

    variable: Var
    label: str


@frozen(repr=False)
class And(Node):
    """All parts hold."""

    parts: tuple[Guard, ...]


@frozen(repr=False)
class Or(Node):
    """Some part holds."""

    parts: tuple[Guard, ...]


Expr = Const | Var | Param | Sum | Ratio | Floor | Case | Min | Max | Undefined | Round
Guard = Compare | LabelIs | And | Or


@frozen(repr=False)
class Absent(Node):
    """The result of evaluating where there is no number: why, and where the text says (or fails to say) so."""

    reason: str
    span: Span | None = field(default=None, eq=False)
    code: str = "KPI501"


def children(expr: Expr | Guard) -> tuple[Expr | Guard, ...]:
    """The direct parts of a node."""
    match expr:
        case Sum(terms=terms):
            return tuple(term for _, term in terms)
        case Ratio(numerator=a, denominator=b) | Floor(numerator=a, step=b) | Compare(left=a, right=b):
            return (a, b)
        case Case(branches=branches, default=default):
            return (*(part for branch in branches for part in branch), default)
        case Min(parts=parts) | Max(parts=parts):
            return tuple(parts)
        case And(parts=guards) | Or(parts=guards):
            return tuple(guards)
        case Round(body=body):
            return (body,)
        case LabelIs(variable=variable):
            return (variable,)
        case _:
            return ()


def variables(expr: Expr | Guard) -> tuple[Var, ...]:
    """The inputs of an expression, each once, in order of appearance."""
    return tuple(dict.fromkeys(node for node in walk(expr) if isinstance(node, Var)))


def walk(expr: Expr | Guard) -> list[Expr | Guard]:
    """Every node, parents before their parts."""
    found: list[Expr | Guard] = []
    waiting: list[Expr | Guard] = [expr]
    while waiting:
        node = waiting.pop()
        found.append(node)
        waiting.extend(reversed(children(node)))
    return found


def add(*parts: Expr) -> Expr:
    """The sum of the parts, constants folded."""
    terms: list[tuple[Fraction, Expr]] = []
    constant = Fraction(0)
    for part in parts:
        if isinstance(part, Const):
            constant += part.value
        elif isinstance(part, Sum):
            terms += part.terms
            constant += part.constant
        else:
            terms.append((Fraction(1), part))
    if not terms:
        return Const(constant)
    if constant == 0 and len(terms) == 1 and terms[0][0] == 1:
        return terms[0][1]
    return Sum(tuple(terms), constant)


def scale(factor: Fraction, part: Expr) -> Expr:
    """Factor · part, constants folded."""
    if isinstance(part, Const):
        return Const(factor * part.value)
    if factor == 1:
        return part
    if isinstance(part, Sum):
        return Sum(tuple((factor * weight, term) for weight, term in part.terms), factor * part.constant)
    return Sum(((factor, part),))


def negate(guard: Guard) -> Guard:
    """The guard that holds just where this one does not.

    Raises:
        ValueError: of a label or an equality there is no single opposite.
    """
    match guard:
        case Compare(left=left, operator=operator, right=right) if operator != "==":
            return Compare(left, OPPOSITE[operator], right)
        case Compare(left=left, right=right):
            return Or((Compare(left, "<", right), Compare(left, ">", right)))
        case And(parts=parts):
            return Or(tuple(map(negate, parts)))
        case Or(parts=parts):
            return And(tuple(map(negate, parts)))
    raise ValueError("a label has no opposite")


def bind(expr: Expr, values: dict[str, Fraction]) -> Expr:
    """The expression with parameters replaced by numbers and constants folded where nothing is lost."""
    return _bind(expr, values)


def _bind(expr: Expr, values: dict[str, Fraction]) -> Expr:
    match expr:
        case Param(name=name) if name in values:
            return Const(values[name])
        case Sum(terms=terms, constant=constant):
            return add(*(scale(weight, _bind(term, values)) for weight, term in terms), Const(constant))
        case Ratio(numerator=a, denominator=b, reason=reason):
            a, b = _bind(a, values), _bind(b, values)
            if isinstance(b, Const):
                return scale(1 / b.value, a) if b.value > 0 else Undefined(reason, code="KPI502")
            return Ratio(a, b, reason)
        case Floor(numerator=a, step=b, reason=reason):
            a, b = _bind(a, values), _bind(b, values)
            if isinstance(b, Const) and b.value <= 0:
                return Undefined(reason, code="KPI502")
            return Floor(a, b, reason)
        case Case(branches=branches, default=default):
            return Case(
                tuple((_bind_guard(guard, values), _bind(body, values)) for guard, body in branches),
                _bind(default, values),
            )
        case Min(parts=parts):
            return Min(tuple(_bind(part, values) for part in parts))
        case Max(parts=parts):
            return Max(tuple(_bind(part, values) for part in parts))
        case Round(body=body, places=places):
            return Round(_bind(body, values), places)
        case _:
            return expr


def _bind_guard(guard: Guard, values: dict[str, Fraction]) -> Guard:
    match guard:
        case Compare(left=left, operator=operator, right=right):
            return Compare(_bind(left, values), operator, _bind(right, values))
        case And(parts=parts):
            return And(tuple(_bind_guard(part, values) for part in parts))
        case Or(parts=parts):
            return Or(tuple(_bind_guard(part, values) for part in parts))
        case _:
            return guard
