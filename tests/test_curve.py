"""Curves against the plain reading of the same expression, and what they say about themselves."""

from __future__ import annotations

import json
import time
from fractions import Fraction
from math import ceil

import pytest
import strategies as kpi
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import COUNT, MARK, RATE

from kpilib.engines.scalar import evaluate
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
    add,
    scale,
)
from kpilib.meaning.pieces import Line, Stair
from kpilib.quantity import UNITS

F = Fraction
ZERO = Const(F(0))
PCT = F(1, 100)


def minus(a: Expr, b: Expr) -> Expr:
    return Sum(((F(1), a), (F(-1), b)))


def falling(target: int, points: int = 2, zero_below: int = 70, strict: str = "<") -> Expr:
    """目标值 target%，每低1%减 points 分，低于 zero_below% 得0分，满分20."""
    t = Const(target * PCT)
    body = Case(((Compare(RATE, "<", t), add(Const(F(20)), scale(F(-points) / PCT, minus(t, RATE)))),), Const(F(20)))
    return Case(((Compare(RATE, strict, Const(zero_below * PCT)), ZERO),), body)  # type: ignore[arg-type]


def curve(expr: Expr) -> Curve:
    found = curve_of(expr)
    assert found is not None
    return found


@settings(max_examples=400, deadline=None)
@given(kpi.cases(), st.data())
def test_a_curve_is_its_expression(case: tuple[Var, Expr], data: st.DataObject) -> None:
    variable, expr = case
    found = curve_of(Round(expr))
    if found is None:
        return
    assert found.covers_once()
    grid = data.draw(st.lists(kpi.inputs(variable), min_size=5, max_size=5))
    for x in (*found.probes(), *grid):
        exact = evaluate(expr, {variable.name: x})
        assert found.exact_at(x) == exact
        assert found.at(x) == evaluate(Round(expr), {variable.name: x})
    for a, b in zip(found.pieces, found.pieces[1:], strict=False):
        assert a.formula != b.formula
    json.dumps(found.to_dict())
    assert str(found).count("\n") == len(found.pieces) - 1


def test_a_cell_that_shrinks_to_one_number_joins_the_one_before_it() -> None:
    count = Var("次数", UNITS["次"], Domain("count"))
    back = Sum(((F(-1), Const(F(2))), (F(1), count)))
    rising = Case(((Compare(count, "<=", Const(F(2))), Sum(((F(1, 4), back),), F(10))),), Const(F(10)))
    stair = Case(
        ((Compare(count, "<", Const(F(2))), Sum(((F(1, 4), Floor(back, Const(F(2)))),), F(10))),), Const(F(10))
    )
    found = curve(Round(Max((rising, stair))))
    assert [(piece.lower, piece.upper) for piece in found.pieces] == [(0, 1), (2, None)]
    assert [found.at(F(n)) for n in (0, 1, 2)] == [F("9.75"), F("9.75"), 10]


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_most_rules_have_a_curve(data: st.DataObject) -> None:
    variable = data.draw(st.sampled_from(kpi.VARIABLES))
    shape = data.draw(st.sampled_from([kpi.target_steps, kpi.ladders, kpi.proportions]))
    expr = data.draw(kpi.clamped(shape(variable)))
    assert curve_of(expr) is not None


@settings(max_examples=200, deadline=None)
@given(kpi.cases(), kpi.cases())
def test_same_as_is_equality_of_functions(one: tuple[Var, Expr], two: tuple[Var, Expr]) -> None:
    a = curve_of(one[1])
    b = curve_of(Case(((Compare(one[0], "<", Const(F(1))), one[1]),), one[1]))
    c = curve_of(Sum(((F(1), one[1]), (F(1), two[1])))) if one[0] == two[0] else curve_of(two[1])
    if a is None or b is None:
        return
    assert a.same_as(b)
    assert b.same_as(a)
    if c is not None and a.same_as(c):
        for x in (*a.probes(), *c.probes()):
            assert a.exact_at(x) == c.exact_at(x)


@settings(max_examples=150, deadline=None)
@given(kpi.cases(), st.data())
def test_a_point_changed_is_noticed(case: tuple[Var, Expr], data: st.DataObject) -> None:
    variable, expr = case
    x = data.draw(kpi.inputs(variable))
    changed = Case(((Compare(variable, "==", Const(x)), add(expr, Const(F(1, 7)))),), expr)
    a, b = curve_of(expr), curve_of(changed)
    if a is not None and b is not None:
        assert a.same_as(b) is isinstance(a.exact_at(x), Absent)


@settings(max_examples=150, deadline=None)
@given(kpi.cases())
def test_a_shifted_breakpoint_is_noticed(case: tuple[Var, Expr]) -> None:
    """Off by one grid step, or by < for ≤: same_as says no, and the probes hold an input that shows it."""
    variable, expr = case
    bound = F(5) * kpi.spread(variable)
    original = Case(((Compare(variable, "<", Const(bound)), Const(F(-99))),), expr)
    step = F(1) if variable is COUNT else variable.domain.grid
    for guard in (Compare(variable, "<", Const(bound + step)), Compare(variable, "<=", Const(bound))):
        a, b = curve_of(original), curve_of(Case(((guard, Const(F(-99))),), expr))
        if a is None or b is None:
            return
        assert not a.same_as(b)
        assert any(a.exact_at(x) != b.exact_at(x) for x in a.probes())


def test_the_pieces_of_the_first_example() -> None:
    found = curve(Round(falling(90)))
    assert str(found) == "0% ≤ 完成率 < 70%：0\n70% ≤ 完成率 < 90%：2·完成率 − 160\n完成率 ≥ 90%：20"
    assert found.at(F(854, 1000)) == F(108, 10)
    assert found.boundaries() == (F(7, 10), F(9, 10))
    assert {F(6999, 10000), F(7, 10), F(7001, 10000), F(8999, 10000)} < set(found.probes())
    assert found.gaps() == ()
    assert found.pieces[1].formula == Line(F(200), F(-160))


def test_a_continuous_boundary_has_one_form() -> None:
    strict = curve(falling(90))
    t = Const(90 * PCT)
    body = Case(((Compare(RATE, "<=", t), add(Const(F(20)), scale(F(-200), minus(t, RATE)))),), Const(F(20)))
    assert curve(Case(((Compare(RATE, "<", Const(70 * PCT)), ZERO),), body)) == strict
    clamp = Min((Const(F(20)), scale(F(200), minus(RATE, Const(80 * PCT)))))
    assert curve(Case(((Compare(RATE, "<", Const(70 * PCT)), ZERO),), clamp)) == strict
    assert not strict.same_as(curve(falling(90, strict="<=")))
    assert not strict.same_as(curve(Round(falling(90))))


def test_staircases_up_and_down() -> None:
    under = minus(Const(90 * PCT), RATE)
    floor = curve(Max((ZERO, add(Const(F(20)), scale(F(-3), Floor(under, Const(5 * PCT)))))))
    ceil = curve(Max((ZERO, add(Const(F(20)), scale(F(3), Floor(scale(F(-1), under), Const(5 * PCT)))))))
    assert floor.exact_at(85 * PCT) == 17
    assert floor.exact_at(85 * PCT + F(1, 10000)) == 20
    assert ceil.exact_at(90 * PCT) == 20
    assert ceil.exact_at(90 * PCT - F(1, 10000)) == 17
    assert str(floor) == "0% ≤ 完成率 ≤ 55%：0\n完成率 > 55%：3·⌈完成率/5⌉ − 34"
    assert floor.pieces[-1].formula == Line(F(0), F(-34), Stair(F(-3), -1, F(0), F(1, 20)))
    assert ceil.pieces[-1].formula == Line(F(0), F(-34), Stair(F(3), 1, F(0), F(1, 20)))
    assert not floor.same_as(ceil)


def test_counts_know_only_whole_numbers() -> None:
    more = curve(Case(((Compare(COUNT, ">", Const(F(2))), ZERO),), Const(F(10))))
    least = curve(Case(((Compare(COUNT, ">=", Const(F(3))), ZERO),), Const(F(10))))
    between = curve(Case(((Compare(COUNT, ">", Const(F(5, 2))), ZERO),), Const(F(10))))
    assert more == least == between
    assert str(more) == "0次 ≤ 次数 ≤ 2次：10\n次数 ≥ 3次：0"
    assert more.boundaries() == (F(3),)
    assert more.probes() == (F(0), F(1), F(2), F(3), F(4))
    with pytest.raises(ValueError, match="outside"):
        more.at(F(5, 2))


def test_a_ladder_and_a_step_of_the_same_values_are_the_same_on_counts() -> None:
    ladder: Expr = Case(tuple((Compare(COUNT, "==", Const(F(n))), Const(F(15 - 5 * n))) for n in range(3)), ZERO)
    step = Max((ZERO, Sum(((F(-5), COUNT),), F(15))))
    assert curve(ladder).same_as(curve(step))
    assert not curve(ladder).same_as(curve(Max((ZERO, Sum(((F(-5), COUNT),), F(16))))))


@pytest.mark.parametrize("width", [F(1), F(2), F(3), F(3, 2), F(2, 3), F(5, 2), F(7, 3), F(1, 3), F(5, 3), F(9, 4)])
@pytest.mark.parametrize("sign", [1, -1])
def test_staircases_on_counts_have_one_form(width: Fraction, sign: int) -> None:
    for shift in (F(0), F(1), F(1, 2), F(-4, 3), F(-5)):
        expr = Floor(Sum(((F(sign), COUNT),), shift), Const(width))
        a, b = curve(expr), curve(add(Floor(Sum(((F(sign), COUNT),), shift + 3 * width), Const(width)), Const(F(-3))))
        assert a.same_as(b)
        for x in range(40):
            assert a.exact_at(F(x)) == evaluate(expr, {COUNT.name: F(x)})
        other = Case(((Compare(COUNT, "<", Const(F(33))), expr),), add(expr, Const(F(1))))
        assert not a.same_as(curve(other))


def test_two_staircases_on_counts_that_part_late_are_told_apart() -> None:
    for one, two in [(F(7), F(8)), (F(7, 2), F(15, 4)), (F(40), F(41)), (F(7001, 2), F(7003, 2))]:
        a, b = curve(Floor(COUNT, Const(one))), curve(Floor(COUNT, Const(two)))
        assert not a.same_as(b)
        short = Compare(COUNT, ">=", Const(F(ceil(one))))  # before that both are 0
        assert curve(Case(((short, ZERO),), Floor(COUNT, Const(one)))) == curve(Sum(((F(0), COUNT),)))
    near, far = F(10_007), F(20_011)
    assert not curve(Floor(COUNT, Const(near))).same_as(curve(Floor(COUNT, Const(far))))
    assert curve(Floor(COUNT, Const(near))).same_as(curve(Floor(Sum(((F(1), COUNT),), F(1, 2)), Const(near))))


def test_a_continuous_boundary_on_counts_has_one_form() -> None:
    falling_line = Sum(((F(-2), COUNT),), F(14))
    strict = curve(Case(((Compare(COUNT, "<", Const(F(2))), Const(F(10))),), falling_line))
    weak = curve(Case(((Compare(COUNT, "<=", Const(F(2))), Const(F(10))),), falling_line))
    assert strict == weak == curve(Min((Const(F(10)), falling_line)))


def test_half_of_a_count_either_way_is_seen_as_the_same() -> None:
    up = Floor(COUNT, Const(F(2)))
    down = Sum(((F(1), COUNT), (F(-1), Floor(Sum(((F(1), COUNT),), F(1)), Const(F(2))))))
    assert curve(up).same_as(curve(down))


def test_gaps_have_their_reason() -> None:
    gap = Undefined("80分到85分之间没有规定")
    rung = And((Compare(MARK, ">", Const(F(80))), Compare(MARK, "<", Const(F(85)))))
    found = curve(Case(((Compare(MARK, ">=", Const(F(85))), Const(F(10))), (rung, gap)), Const(F(5))))
    assert [piece.reason for piece in found.gaps()] == ["80分到85分之间没有规定"]
    assert found.at(F(82)) == Absent("80分到85分之间没有规定")
    assert found.at(F(80)) == 5
    assert "没有规定" in str(found)
    zero = curve(Sum(((F(1), MARK), (F(1), Ratio(Const(F(1)), ZERO)))))
    assert zero.at(F(1)) == Absent("目标值必须大于0", code="KPI502")


def test_a_sawtooth_is_cut_exactly() -> None:
    saw = minus(MARK, scale(F(3, 2), Floor(MARK, Const(F(1)))))  # falls half a point each whole point
    equal = Case(((Compare(saw, "==", ZERO), Const(F(9))),), saw)
    for expr in (Max((saw, Const(F(-7)))), Min((saw, Const(F(-7)))), equal):
        found = curve(expr)
        for n in range(0, 2000):
            x = F(n, 20)
            assert found.exact_at(x) == evaluate(expr, {MARK.name: x})


def test_two_staircases_fit_where_one_can_be_written_out() -> None:
    both = add(Floor(MARK, Const(F(10))), Floor(MARK, Const(F(15))))
    found = curve(both)
    assert all(found.exact_at(F(n, 2)) == evaluate(both, {MARK.name: F(n, 2)}) for n in range(201))
    assert curve_of(add(Floor(RATE, Const(F(10))), Floor(RATE, Const(F(15))))) is None


def test_what_has_no_curve() -> None:
    label = Var("完成", domain=Domain("label", labels=("是", "否")))
    assert curve_of(Case(((LabelIs(label, "是"), MARK),), ZERO)) is None
    assert curve_of(Const(F(3))) is None
    assert curve_of(add(MARK, COUNT)) is None
    assert curve_of(add(MARK, Param("T"))) is None
    assert curve_of(Ratio(Const(F(1)), MARK)) is None
    assert curve_of(Round(Round(MARK))) is None


def test_whole_tree_of_guards() -> None:
    low_or_80 = Or((Compare(MARK, "<", Const(F(70))), Compare(MARK, "==", Const(F(80)))))
    inside = And((Compare(MARK, ">=", Const(F(60))), low_or_80))
    found = curve(Case(((inside, Const(F(1))),), ZERO))
    assert str(found).split("\n") == [
        "0 ≤ 成绩 < 60：0",
        "60 ≤ 成绩 < 70：1",
        "70 ≤ 成绩 < 80：0",
        "成绩 = 80：1",
        "80 < 成绩 ≤ 100：0",
    ]


def test_200_clauses_are_quick_and_too_many_pieces_are_refused() -> None:
    points = [Compare(RATE, "==", Const(F(n * 37 % 200, 100))) for n in range(200)]
    ladder = [Compare(RATE, ">=", Const(F(200 - n, 100))) for n in range(200)]
    started = time.perf_counter()
    for guards in (points, ladder):
        expr = Case(tuple((guard, Const(F(n))) for n, guard in enumerate(guards)), scale(F(10), RATE))
        found = curve(expr)
        assert found.exact_at(F(37, 100)) == evaluate(expr, {RATE.name: F(37, 100)})
    total = Sum(tuple((F(1), Max((ZERO, minus(RATE, Const(F(n, 100)))))) for n in range(200)))
    assert len(curve(total).pieces) == 200
    assert time.perf_counter() - started < 3
    grown: Expr = RATE
    for n in range(1, 30):
        grown = add(Max((grown, Const(F(n)))), Floor(RATE, Const(F(1, 1000 + n))))
    assert curve_of(grown) is None
