"""The meaning of expressions, and that the fast path has it too."""

from __future__ import annotations

from decimal import Decimal, localcontext
from fractions import Fraction

import pytest
import strategies as kpi
from hypothesis import given, settings
from hypothesis import strategies as st
from strategies import COUNT, MARK, RATE

from kpilib.engines.scalar import Scorer, evaluate
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
    add,
    bind,
    scale,
    variables,
)
from kpilib.quantity import PERCENT, round_half_away, to_decimal

F = Fraction
X = Var("x", PERCENT)
LABEL = Var("完成", domain=Domain("label", labels=("是", "否")))
RULE = Case(
    (
        (Compare(X, "<", Const(F(7, 10))), Const(F(0))),
        (Compare(X, "<", Const(F(9, 10))), Sum(((F(200), X),), F(-160))),
    ),
    Sum(((F(100), X),), F(-70)),
)
PERCENT_SIZE = (1, 100)


def expected(expr: Expr, env: dict[str, Fraction | str], places: int) -> Fraction | Absent:
    value = evaluate(expr, env)
    return value if isinstance(value, Absent) else round_half_away(value, places)


@settings(max_examples=300, deadline=None)
@given(kpi.cases(), st.data())
def test_the_fast_path_gives_what_evaluating_gives(case: tuple[Var, Expr], data: st.DataObject) -> None:
    variable, expr = case
    places = data.draw(st.sampled_from([0, 1, 2, 4]))
    scorer = Scorer(Round(expr, places))
    probes = list(scorer.curve.probes()) if scorer.curve is not None else []
    for x in probes + data.draw(st.lists(kpi.inputs(variable), min_size=5, max_size=5)):
        want = expected(expr, {variable.name: x}, places)
        scaled = want if isinstance(want, Absent) else want * 10**places
        assert scorer.score_scaled(3 * x.numerator, 3 * x.denominator) == scaled
        assert scorer.score_env_scaled({variable.name: x}) == scaled
        got = scorer.score({variable.name: x})
        assert got == want if isinstance(want, Absent) else str(got) == str(to_decimal(want))


@settings(max_examples=200, deadline=None)
@given(
    kpi.rules(X, depth=1),
    st.decimals(allow_nan=False, allow_infinity=False, places=None).filter(lambda d: abs(d.adjusted()) <= 35),
    st.sampled_from([(1, 100), (1, 1), (10000, 1), (1, 24), (2000, 3)]),
)
def test_any_decimal_in_any_unit_is_exact(expr: Expr, value: Decimal, size: tuple[int, int]) -> None:
    want = expected(expr, {"x": F(value) * F(*size)}, 2)
    with localcontext() as context:
        context.prec = 3  # the caller's context must not matter
        got = Scorer(expr, 2).score_decimal(value, size)
        assert got == want if isinstance(want, Absent) else F(got) == want  # type: ignore[arg-type]
        if value == value.to_integral_value():
            assert Scorer(expr, 2).score_int(int(value), size) == got


@settings(max_examples=200, deadline=None)
@given(kpi.occurrences(), st.data())
def test_several_inputs(expr: Expr, data: st.DataObject) -> None:
    scorer = Scorer(expr, 2)
    assert scorer.curve is None
    for _ in range(5):
        env: dict[str, Fraction | str] = {v.name: F(data.draw(st.integers(0, 9))) for v in variables(expr)}
        want = expected(expr, env, 2)
        got = scorer.score(env)
        assert got == want if isinstance(want, Absent) else F(got) == want  # type: ignore[arg-type]


@settings(max_examples=200, deadline=None)
@given(kpi.open_rules(), kpi.inputs(RATE))
def test_binding_a_parameter_changes_nothing(case: tuple[Expr, Fraction], x: Fraction) -> None:
    expr, target = case
    env: dict[str, Fraction | str] = {RATE.name: x}
    given_late = evaluate(expr, env, {"T": target})
    bound = bind(expr, {"T": target})
    assert evaluate(bound, env) == given_late
    scaled = Scorer(bound, 3).score_scaled(x.numerator, x.denominator)
    assert scaled == (given_late if isinstance(given_late, Absent) else round_half_away(given_late, 3) * 1000)
    assert evaluate(expr, env) == Absent("目标值还没有给", code="KPI503")
    assert Scorer(expr).score_scaled(1, 1) == Absent("目标值还没有给", code="KPI503")


@pytest.mark.parametrize(
    ("value", "points"),
    [("85.4", "10.8"), ("100", "30"), ("70", "-20"), ("89.995", "19.99"), ("69.99", "0"), ("80", "0"), ("90", "20")],
)
def test_the_points_print_without_trailing_zeros(value: str, points: str) -> None:
    padded = value + ("000" if "." in value else ".000")
    assert str(Scorer(RULE, 2).score_decimal(Decimal(value), PERCENT_SIZE)) == points
    assert str(Scorer(RULE, 2).score_decimal(Decimal(padded), PERCENT_SIZE)) == points


def test_big_and_small_numbers() -> None:
    line = Scorer(X, 2)
    assert str(line.score_decimal(Decimal("1E+35"))) == "1" + "0" * 35
    assert line.score_decimal(Decimal("1E-35")) == 0
    assert str(line.score_decimal(Decimal("-1E-35"))) == "0"
    assert str(line.score_int(10)) == "10"


def test_halves_go_away_from_zero() -> None:
    assert [Scorer(X, 0).score_scaled(n, 2) for n in (-3, -1, 1, 3)] == [-2, -1, 1, 2]
    assert evaluate(Round(X, 0), {"x": F(-1, 2)}) == -1


def test_round_at_the_root_gives_the_places() -> None:
    assert Scorer(Round(X, 1)).places == 1
    assert Scorer(X).places == 2
    assert Scorer(Round(X, 1), 3).score_scaled(149, 1000) == 100
    assert Scorer(Round(X, 2), 0).score_scaled(495, 1000) == 1


def test_guards_stop_early_and_an_absent_guard_is_absent() -> None:
    gap = Undefined("没有规定")
    gone = Compare(gap, ">", Const(F(0)))
    false, true = Compare(X, "<", Const(F(0))), Compare(X, ">=", Const(F(0)))
    rows: list[tuple[Guard, Fraction | Absent]] = [
        (gone, Absent("没有规定")),
        (And((false, gone)), F(2)),
        (And((gone, false)), Absent("没有规定")),
        (Or((true, gone)), F(1)),
        (Or((gone, true)), Absent("没有规定")),
        (Or((false, true)), F(1)),
    ]
    for guard, want in rows:
        expr = Case(((guard, Const(F(1))),), Const(F(2)))
        assert evaluate(expr, {"x": F(1)}) == want
        assert Scorer(expr, 0).score_env_scaled({"x": F(1)}) == want
        assert Scorer(Sum(((F(1), expr), (F(0), X))), 0).score_scaled(1, 1) == want


def test_a_case_is_lazy_and_the_rest_is_not() -> None:
    hole = Ratio(Const(F(1)), Const(F(0)))
    low = Absent("目标值必须大于0", code="KPI502")
    assert evaluate(Case(((Compare(X, ">", Const(F(0))), X),), hole), {"x": F(1)}) == 1
    assert evaluate(Min((X, hole)), {"x": F(1)}) == low
    assert evaluate(Sum(((F(0), hole),)), {}) == low
    assert evaluate(Floor(X, Const(F(-1)), "步长"), {"x": F(1)}) == Absent("步长", code="KPI502")
    assert evaluate(Ratio(Undefined("上"), Const(F(0))), {}) == low  # the denominator is looked at first


def test_labels() -> None:
    expr = Case(((LabelIs(LABEL, "是"), Const(F(10))),), Sum(((F(1), COUNT),)))
    assert evaluate(expr, {"完成": "是", "次数": F(1)}) == 10
    scorer = Scorer(expr)
    assert str(scorer.score({"完成": "是"})) == "10"
    assert str(scorer.score({"完成": "否", "次数": F(3)})) == "3"
    with pytest.raises(KeyError):
        scorer.score({"完成": "否"})
    with pytest.raises(KeyError):
        evaluate(expr, {})
    for call in (evaluate, lambda e, env: Scorer(e).score(env)):
        with pytest.raises(TypeError):
            call(add(LABEL, COUNT), {"完成": "是", "次数": F(1)})


def test_200_clauses_deep_and_flat() -> None:
    flat = Case(tuple((Compare(MARK, "==", Const(F(n))), Const(F(n))) for n in range(200)), MARK)
    deep: Expr = MARK
    for n in range(200):
        deep = Case(((Compare(MARK, "==", Const(F(n))), Const(F(n))),), deep)
    for expr in (flat, deep, scale(F(1), Max((flat, deep)))):
        assert evaluate(expr, {MARK.name: F(77)}) == 77
        assert Scorer(expr).score_scaled(77, 1) == 7700


def test_a_parameter_alone() -> None:
    assert evaluate(Param("T"), {}, {"T": F(3)}) == 3
    assert str(Scorer(bind(Param("T"), {"T": F(3)})).score({})) == "3"
