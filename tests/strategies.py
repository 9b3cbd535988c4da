"""Random expressions of the kinds that KPI rules give, and inputs that lie where it matters."""

from __future__ import annotations

from fractions import Fraction

from hypothesis import strategies as st

from kpilib.meaning.expr import (
    And,
    Case,
    Compare,
    Const,
    Domain,
    Expr,
    Floor,
    Guard,
    Max,
    Min,
    Operator,
    Or,
    Param,
    Ratio,
    Round,
    Sum,
    Undefined,
    Var,
    add,
    scale,
)
from kpilib.quantity import PERCENT, PLAIN, UNITS, Unit

RATE = Var("完成率", PERCENT, Domain("real", minimum=Fraction(0), grid=Fraction(1, 10000)))
FREE_RATE = Var("增长率", PERCENT, Domain("real", grid=Fraction(1, 10000)))
MONEY = Var("回款", UNITS["万元"], Domain("real", minimum=Fraction(0), maximum=Fraction(2_000_000), grid=Fraction(100)))
COUNT = Var("次数", Unit("count:次", "次"), Domain("count"))
MARK = Var("成绩", PLAIN, Domain("real", minimum=Fraction(0), maximum=Fraction(100)))
VARIABLES = (RATE, FREE_RATE, MONEY, COUNT, MARK)
COUNTS = tuple(Var(name, Unit(f"count:{name}", "次"), Domain("count")) for name in ("迟到", "早退", "缺岗", "投诉"))
TARGET = Param("T", PERCENT)

POINTS = st.sampled_from([Fraction(n, 4) for n in range(1, 25)] + [Fraction(1, 3), Fraction(30), Fraction(5, 7)])
MARKS = st.sampled_from([Fraction(n) for n in (5, 10, 15, 20, 25, 30, 35)])
BELOW: st.SearchStrategy[Operator] = st.sampled_from(["<", "<="])
ABOVE: st.SearchStrategy[Operator] = st.sampled_from([">", ">="])
OPERATORS: st.SearchStrategy[Operator] = st.sampled_from(["<", "<=", ">", ">=", "=="])
WIDTHS = st.sampled_from([Fraction(n, 2) for n in (1, 2, 3, 4, 7, 10, 20)] + [Fraction(1, 3), Fraction(1, 5)])


def spread(variable: Var) -> Fraction:
    """What a typical step of the variable is worth in base units."""
    return Fraction(150_000) if variable is MONEY else variable.unit.size


def values(variable: Var) -> st.SearchStrategy[Fraction]:
    """Bounds and targets of a variable: round numbers, so that they meet."""
    if variable is COUNT:
        return st.integers(0, 12).map(Fraction)
    return st.integers(0, 24).map(lambda n: spread(variable) * n * (Fraction(1, 2) if n % 2 else 5))


def inputs(variable: Var) -> st.SearchStrategy[Fraction]:
    """Inputs within the domain: on the marks that rules use, beside them, and anywhere."""
    if variable.domain.kind == "count":
        return st.integers(0, 60).map(Fraction)
    low, high = variable.domain.minimum, variable.domain.maximum
    beside = st.tuples(values(variable), st.sampled_from([-1, 0, 1])).map(lambda p: p[0] + p[1] * variable.domain.grid)
    steps = st.tuples(st.integers(-60, 400), WIDTHS).map(lambda p: spread(variable) * p[0] * p[1])
    anywhere = st.fractions(-2, 3, max_denominator=10**6).map(lambda f: f * 100 * spread(variable))
    return st.one_of(beside, steps, anywhere).filter(
        lambda x: (low is None or x >= low) and (high is None or x <= high)
    )


@st.composite
def steps(draw: st.DrawFn, distance: Expr, unit: Fraction) -> Expr:
    """Points for a distance: by the share of a step, for full steps, or for steps begun."""
    points, width = draw(POINTS), unit * draw(WIDTHS)
    match draw(st.sampled_from(["linear", "floor", "ceil"])):
        case "linear":
            return scale(points / width, distance)
        case "floor":
            return scale(points, Floor(distance, Const(width)))
        case _:
            return scale(-points, Floor(scale(Fraction(-1), distance), Const(width)))


@st.composite
def target_steps(draw: st.DrawFn, variable: Var, target: Expr | None = None) -> Expr:
    """Full marks at the target, fewer on the bad side, more (or not) on the good side; either side may be good."""
    target = target if target is not None else Const(draw(values(variable)))
    full, unit = Const(draw(MARKS)), spread(variable)
    under = Sum(((Fraction(1), target), (Fraction(-1), variable)))
    over = Sum(((Fraction(1), variable), (Fraction(-1), target)))
    low, high = draw(steps(under, unit)), draw(steps(over, unit))
    if draw(st.booleans()):
        high = Min((high, Const(draw(POINTS))))
    side = draw(st.sampled_from([-1, 1]))
    worse, better = add(full, scale(Fraction(-side), low)), add(full, scale(Fraction(side), high))
    branches: list[tuple[Guard, Expr]] = [(Compare(variable, draw(BELOW), target), worse)]
    if draw(st.booleans()):
        branches.append((Compare(variable, ">", target), better))
    return Case(tuple(branches), full)


@st.composite
def ladders(draw: st.DrawFn, variable: Var) -> Expr:
    """Rungs from one end, with 0, full marks or nothing for the rest."""
    bounds = sorted(draw(st.lists(values(variable), min_size=1, max_size=5, unique=True)), reverse=True)
    rungs = tuple((Compare(variable, draw(ABOVE), Const(bound)), Const(draw(MARKS))) for bound in bounds)
    rests: list[Expr] = [Const(Fraction(0)), Const(Fraction(10)), Undefined("没有写到的情况")]
    return Case(rungs, draw(st.sampled_from(rests)))


@st.composite
def proportions(draw: st.DrawFn, variable: Var) -> Expr:
    """x / T × F, capped or not; T may be 0 or less."""
    target = draw(values(variable)) - draw(st.sampled_from([Fraction(0), Fraction(0), spread(variable)]))
    share = scale(draw(MARKS), Ratio(variable, Const(target)))
    return Min((share, Const(draw(MARKS)))) if draw(st.booleans()) else share


@st.composite
def guards(draw: st.DrawFn, variable: Var, inner: st.SearchStrategy[Expr]) -> Guard:
    """A bound on the variable or on a score, or some of them together."""
    compared = st.builds(Compare, st.just(variable), OPERATORS, values(variable).map(Const))
    scored = st.builds(Compare, inner, OPERATORS, MARKS.map(Const))
    leaf = st.one_of(compared, compared, scored)
    several = st.lists(leaf, min_size=1, max_size=3).map(tuple)
    return draw(st.one_of(leaf, several.map(And), several.map(Or)))


def clamped(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """Between 0 and a cap, or only one of these."""
    low = inner.map(lambda expr: Max((expr, Const(Fraction(0)))))
    high = st.builds(lambda expr, cap: Min((expr, Const(cap))), inner, MARKS)
    return st.one_of(low, high, st.builds(lambda expr, cap: Min((expr, Const(cap))), low, MARKS))


def rules(variable: Var, *, depth: int = 2) -> st.SearchStrategy[Expr]:
    """Rules of one variable, unrounded: basic shapes and what sheets do with them."""
    stepped = steps(variable, spread(variable))
    basic = st.one_of(target_steps(variable), ladders(variable), proportions(variable), stepped, MARKS.map(Const))
    if depth == 0:
        return basic
    inner = rules(variable, depth=depth - 1)
    zeroed = st.builds(
        lambda guard, value, expr: Case(((guard, value),), expr),
        guards(variable, inner),
        st.sampled_from([Const(Fraction(0)), Const(Fraction(5)), Undefined("不在范围内")]),
        inner,
    )
    pair = st.tuples(inner, inner)
    weights = st.sampled_from([Fraction(3, 10), Fraction(2)])
    weighted = st.builds(lambda parts, w: Sum(((w, parts[0]), (1 - w, parts[1])), Fraction(1, 2)), pair, weights)
    return st.one_of(basic, clamped(inner), zeroed, pair.map(Min), pair.map(Max), weighted)


def rounded(inner: st.SearchStrategy[Expr]) -> st.SearchStrategy[Expr]:
    """The rule with its one rounding."""
    return st.builds(Round, inner, st.sampled_from([0, 1, 2, 2, 2, 3]))


@st.composite
def cases(draw: st.DrawFn) -> tuple[Var, Expr]:
    """A variable and a rule of it that is certain to mention it."""
    variable = draw(st.sampled_from(VARIABLES))
    expr = draw(rules(variable))
    return variable, Sum(((Fraction(1), expr), (Fraction(0), variable)))


@st.composite
def occurrences(draw: st.DrawFn) -> Expr:
    """Several counts that each take points away, with a floor or without."""
    chosen = draw(st.lists(st.sampled_from(COUNTS), min_size=2, max_size=4, unique=True))
    counted: list[Expr] = [Floor(v, Const(Fraction(2))) if draw(st.booleans()) else v for v in chosen]
    parts = [scale(-draw(POINTS), count) for count in counted]
    parts = [Max((part, Const(Fraction(-10)))) if draw(st.booleans()) else part for part in parts]
    total = add(Const(draw(MARKS)), *parts)
    if draw(st.booleans()):
        total = Max((total, Const(Fraction(0))))
    if draw(st.booleans()):
        total = Case(((Compare(chosen[0], ">=", chosen[1]), Const(Fraction(0))),), total)
    if draw(st.booleans()):
        total = scale(Fraction(20), Ratio(total, chosen[0]))
    return total


@st.composite
def open_rules(draw: st.DrawFn) -> tuple[Expr, Fraction]:
    """A rule whose target is a parameter, and a target (sometimes not above 0)."""
    rule = draw(target_steps(RATE, TARGET))
    if draw(st.booleans()):
        rule = Min((rule, scale(draw(MARKS), Ratio(RATE, TARGET))))
    if draw(st.booleans()):
        rule = add(rule, Floor(RATE, scale(Fraction(1, 10), TARGET)))
    return rule, draw(values(RATE)) - draw(st.sampled_from([Fraction(0), Fraction(1, 4)]))
