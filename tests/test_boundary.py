"""Boundary tables: every threshold is in them, every row says what the rule scores, and they stay short."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
import strategies as kpi
from hypothesis import given, settings
from hypothesis import strategies as st
from test_cases import ROWS, _compiled

import kpilib
from kpilib.meaning.curve import curve_of
from kpilib.meaning.expr import Absent, Case, Compare, Const, Domain, Floor, LabelIs, Ratio, Sum, Var, scale, variables
from kpilib.meaning.thresholds import hold, thresholds
from kpilib.quantity import PERCENT, UNITS, parse_quantity
from kpilib.rule import Rule
from kpilib.text import display_width
from kpilib.views.boundary import BoundaryRow, BoundaryTable

F = Fraction
RULE = "考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分"
SCORED = [pytest.param(row, id=str(row.get("id"))) for row in ROWS if row.get("expect") in ("score", "judgement")]


# Of a rule whose target is still open every probe brings its own, so there is no one table.
CLOSED = [case for case in SCORED if not _compiled(case.values[0]).needs_target]  # type: ignore[arg-type]


def only(rule: Rule, **options: Any) -> BoundaryTable:
    (table,) = rule.boundaries(**options).tables
    return table


def points(table: BoundaryTable) -> dict[str, Decimal | None]:
    return {row.input: row.points for row in table.rows}


def row(table: BoundaryTable, value: str) -> BoundaryRow:
    (found,) = [row for row in table.rows if row.input == value]
    return found


def scored(rule: Rule, table: BoundaryTable, value: str) -> Decimal | None:
    """What the rule gives for one row of a table, None where it gives none."""
    names = [put.name for put in rule.inputs]
    given = dict(table.held)
    (free,) = [name for name in names if name not in given]
    try:
        return rule.score({**given, free: value} if len(names) > 1 else value)
    except (kpilib.UncoveredError, kpilib.InputError):
        return None


def near(x: Fraction, table: BoundaryTable) -> bool:
    """Whether a threshold is in the table: itself, or a row at most one step to either side."""
    values = [parse_quantity(row.input).base for row in table.rows]
    step = parse_quantity(table.step).base
    return x in values or (any(0 < x - v < step for v in values) and any(0 < v - x < step for v in values))


# ---- one table -------------------------------------------------------------------------------------------------------


def test_the_table_of_a_rule_as_its_author_reads_it() -> None:
    table = kpilib.compile_rule(RULE, full_marks=20).boundaries()
    assert (
        str(table)
        == """\
目标值为90%；每低1%扣2分；小于70%不得分（满分 20 分）

实际值（相邻的值差 0.01%）
   实际值   得分  位置              依据
────────────────────────────────────────────────────────────────
□      0%      0                    「低于70%，该项考核记为0分」
□  69.99%      0  刚低于 70%        「低于70%，该项考核记为0分」
□     70%      0  界限              「每低1%，减2分」，最低 0 分
□  70.01%      0  刚高于 70%        「每低1%，减2分」，最低 0 分
□  79.99%      0  刚低于 80%        「每低1%，减2分」，最低 0 分
□     80%      0  以下 0 分         「每低1%，减2分」
□  80.01%   0.02  刚高于 80%        「每低1%，减2分」
□  89.99%  19.98  刚低于 90%        「每低1%，减2分」
□     90%     20  目标值，以上满分  「考核目标值为90%」，满分
□  90.01%     20  刚高于 90%        「考核目标值为90%」，满分
□    100%     20                    「考核目标值为90%」，满分"""
    )


def test_a_bound_whose_points_do_not_change_there_is_listed_all_the_same() -> None:
    # The floor of 0 hides that 70% changes anything; the author wrote it and wants to see it.
    rule = kpilib.compile_rule(RULE, full_marks=20)
    assert F(7, 10) not in rule.curve.boundaries()
    assert {"69.99%", "70%", "70.01%"} <= points(only(rule)).keys()


def test_what_the_rule_leaves_out_is_a_row_without_points() -> None:
    table = only(kpilib.compile_rule("90%以上得20分；60%-80%得10分", full_marks=20))
    gap = row(table, "80.01%")
    assert (gap.points, gap.points_text, gap.reason) == (None, "没有规定", "规则没有写这种情况")
    assert row(table, "80%").points == 10
    assert row(table, "80%").words == ("60%-80%得10分",)


@pytest.mark.parametrize(
    ("text", "options", "expected"),
    [
        ("漏登一次扣2分", {}, {"0次": 0, "1次": -2, "2次": -4}),
        ("每7次扣1分，不足7次不计", {"full_marks": 10}, {"6次": 10, "7次": 9, "70次": 0, "77次": 0}),
        ("每少15万元扣3分，不足15万元不计", {"full_marks": 20, "target": "100万元"}, {"85万元": 17, "85.01万元": 20}),
        ("每低3%扣1分", {"full_marks": 20, "target": "100%"}, {"40%": 0, "40.01%": 0, "39.99%": 0, "99.99%": 20}),
        ("满分15分；实际得分=回款完成率*15分", {}, {"-0.01%": 0, "0%": 0, "99.99%": 15, "100.01%": 15}),
        ("办结时限5天以内得10分；超过5天得0分", {"full_marks": 10}, {"5天": 10, "5.01天": 0, "4.99天": 10}),
        ("态度热情得8分；态度一般得5分；态度冷淡得0分", {"full_marks": 8}, {"态度热情": 8, "态度冷淡": 0}),
        (
            "目标值为不超过5%；每高1%减2分，每低1%加1分，最高加3分；高于9%该项记0分",
            {"full_marks": 10},
            {"1.99%": 13, "2%": 13, "2.01%": Decimal("12.99"), "5%": 10, "9%": 2, "9.01%": 0},
        ),
    ],
)
def test_the_points_that_an_author_looks_for(text: str, options: dict[str, Any], expected: dict[str, Any]) -> None:
    found = points(only(kpilib.compile_rule(text, **options)))
    assert {value: found.get(value) for value in expected} == expected


def test_a_threshold_that_never_ends_has_its_neighbours_on_the_grid() -> None:
    # 10 分 are gone at 90% − 10/3 · 1% = 86.666…%
    table = only(kpilib.compile_rule("目标值为90%；每低1%扣3分", full_marks=10))
    found = points(table)
    assert (found["86.66%"], found["86.67%"]) == (0, Decimal("0.01"))
    assert "以下 0 分" not in [row.place for row in table.rows]


def test_places_say_why_an_input_is_listed() -> None:
    table = only(
        kpilib.compile_rule("目标值为不超过5%；每高1%减2分，每低1%加1分，最高加3分；高于9%该项记0分", full_marks=10)
    )
    assert [row(table, value).place for value in ("2%", "4.99%", "5%", "9%")] == [
        "以下都是 13 分",
        "刚低于 5%",
        "目标值",
        "以上 0 分",
    ]
    capped, uncapped = row(table, "1.99%"), row(table, "2%")
    assert "最高加3分" in capped.words
    assert "最高加3分" not in uncapped.words


def test_the_words_of_a_choice_keep_their_bracket() -> None:
    table = only(kpilib.compile_rule("1. 态度热情（8分）\n2. 态度一般（5分）", full_marks=8))
    assert row(table, "态度热情").words == ("态度热情（8分）",)


# ---- several inputs, targets, blanks ---------------------------------------------------------------------------------


def test_each_input_has_a_table_in_which_the_others_cost_nothing() -> None:
    tables = kpilib.compile_rule("满分5分，按客户资料的完成比例计分，错误一项扣1分").boundaries().tables
    assert [(table.input, table.held) for table in tables] == [
        ("完成比例", (("错误", "0项"),)),
        ("错误", (("完成比例", "100%"),)),
    ]
    assert "其余输入不变：完成比例 = 100%" in str(tables[1])
    assert points(tables[1])["1项"] == 4


def test_marks_that_a_person_gives_are_held_within_their_bounds() -> None:
    rule = kpilib.compile_rule("优秀（25-30分）；合格（18-24分）；不合格（0分）", full_marks=30)
    levels, marks = rule.boundaries().tables
    assert (levels.held, marks.held) == ((("评分", "30分"),), (("x", "优秀"),))
    assert row(levels, "合格").points_text == "不计分"
    assert [(one.input, one.points) for one in marks.rows if not one.place.startswith("刚")] == [
        ("18分", None),
        ("24分", None),
        ("25分", 25),
        ("30分", 30),
    ]


def test_very_many_inputs_have_tables_for_the_first() -> None:
    names = [f"{a}{b}" for a in "甲乙丙丁戊己庚辛" for b in ("迟到", "旷工", "早退", "违纪", "投诉")]
    rule = kpilib.compile_rule("，".join(f"{name}一次扣1分" for name in names), full_marks=20)
    found = rule.boundaries()
    assert len(found.tables) + len(found.left_out) == len(rule.inputs) == 40
    assert "还有 10 个输入没有列表" in str(found)


def test_an_open_target_is_asked_for_and_taken() -> None:
    rule = kpilib.compile_rule("每低1%扣2分", full_marks=20)
    with pytest.raises(kpilib.UncoveredError) as caught:
        rule.boundaries()
    assert caught.value.code == "KPI503"
    table = only(rule, target="95%")
    assert "目标值" in row(table, "95%").place
    assert row(table, "94.99%").points == rule.score("94.99%", target="95%")


def test_blanks_are_asked_for() -> None:
    with pytest.raises(kpilib.TemplateError):
        kpilib.compile_rule("每低__%扣2分", full_marks=20, target="90%").boundaries()


# ---- staircases ------------------------------------------------------------------------------------------------------


def test_a_staircase_of_a_thousand_steps_is_cut_and_counted() -> None:
    table = only(kpilib.compile_rule("每低0.1%扣0.1分，不足0.1%不计", full_marks=100, target="100%"))
    assert len(table.rows) <= 80
    assert table.left_out == ("0.4% 和 99.5% 之间还有 990 个界限没有列出",)
    listed = [parse_quantity(row.input).base * 1000 for row in table.rows]
    # The steps from 0.5% to 99.4% in steps of 0.1% are those that are not there.
    assert {step for step in range(1000) if step not in listed} == set(range(5, 995))


def test_a_staircase_without_end_says_so() -> None:
    table = only(kpilib.compile_rule("每高1%加1分，不足1%不计", full_marks=20, target="90%"))
    assert table.left_out == ("100% 以上照此类推，没有列出",)
    assert len(table.rows) <= 80


def test_a_ladder_of_very_many_rungs_is_cut_in_the_middle() -> None:
    expr = Case(tuple((Compare(kpi.MARK, ">=", Const(F(n))), Const(F(n))) for n in range(90, 10, -1)), Const(F(0)))
    found = thresholds(expr, limit=24)
    assert len(found.listed) == 24
    assert [(one.low, one.high, one.number) for one in found.omitted] == [(22, 79, 56)]


# ---- the same against everything -------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", CLOSED)
def test_each_row_is_what_the_rule_scores_and_each_threshold_has_one(case: dict[str, Any]) -> None:
    rule = _compiled(case)
    found = rule.boundaries()
    assert len(found.tables) == len(rule.inputs)
    assert found.sentence == rule.text
    for table in found.tables:
        assert 0 < len(table.rows) <= 80
        for one in table.rows:
            assert scored(rule, table, one.input) == one.points, one
            assert one.points is None or one.words or one.because, one
            assert all(words.rstrip("…") in " ".join(rule.source.split()) for words in one.words)
    try:
        curve = rule.curve
    except kpilib.InputError:
        return
    (table,) = found.tables
    missing = [x for x in curve.boundaries() if not near(x, table)]
    assert not missing or table.left_out, missing


@settings(max_examples=60, deadline=None)
@given(
    target=st.integers(60, 120),
    width=st.sampled_from(["0.5", "1", "3", "7"]),
    points_=st.sampled_from(["0.3", "1", "2"]),
    zero=st.integers(20, 59),
    part=st.sampled_from(["", "，不足{}%不计", "，不足{}%按{}%计"]),
)
def test_generated_rules(target: int, width: str, points_: str, zero: int, part: str) -> None:
    text = f"目标值为{target}%；每低{width}%扣{points_}分{part.format(width, width)}；低于{zero}%得0分"
    rule = kpilib.compile_rule(text, full_marks=20)
    table = only(rule)
    assert {row.input: rule.score(row.input) for row in table.rows} == points(table)
    assert near(F(zero, 100), table)
    assert near(F(target, 100), table)
    assert table.left_out or all(near(x, table) for x in rule.curve.boundaries())


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_every_boundary_of_a_generated_curve_is_a_threshold(data: st.DataObject) -> None:
    variable = data.draw(st.sampled_from([kpi.RATE, kpi.COUNT, kpi.MONEY]))
    expr = data.draw(kpi.rules(variable))
    curve = curve_of(expr)
    found = thresholds(expr)
    assert found.complete == (curve is not None or not variables(expr))
    listed = {one.x for one in found.listed}
    assert len(listed) == len(found.listed) <= 24
    if curve is not None and not found.omitted:
        assert set(curve.boundaries()) <= listed


@settings(max_examples=100, deadline=None)
@given(
    weight=st.sampled_from([-2, -1, 1, 3]),
    width=st.fractions(F(1, 50), F(1), max_denominator=60),
    origin=st.fractions(F(-1), F(1), max_denominator=40),
    low=st.fractions(F(-3), F(0), max_denominator=20),
    high=st.fractions(F(1, 2), F(4), max_denominator=20),
    falling=st.booleans(),
)
def test_the_steps_of_a_staircase_are_all_listed_or_counted(
    weight: int, width: Fraction, origin: Fraction, low: Fraction, high: Fraction, falling: bool
) -> None:
    x = Var("x", PERCENT, Domain("real"))
    sign = F(-1 if falling else 1)
    stair = scale(F(weight), Floor(Sum(((sign, x),), -origin), Const(width)))
    outside = (Compare(x, "<", Const(low)), Const(F(0))), (Compare(x, ">=", Const(high)), Const(F(0)))
    expr = Case(outside, Sum(((F(1), stair), (F(1000), x))))
    found = thresholds(expr, limit=10_000)
    edges = {e for n in range(-400, 401) if low < (e := sign * (origin + n * width)) < high} | {low, high}
    listed = {one.x for one in found.listed}
    assert listed <= edges
    left_out = sum(one.number or 0 for one in found.omitted)
    assert len(listed) + left_out == len(edges)
    for one in found.omitted:
        assert one.low is not None
        assert one.high is not None
        assert len([e for e in edges if one.low < e < one.high]) == one.number


# ---- holding inputs --------------------------------------------------------------------------------------------------


def test_held_inputs_leave_the_expression_of_one() -> None:
    rate, label = Var("率", PERCENT), Var("态度", UNITS[""], Domain("label", labels=("好", "差")))
    divided = Ratio(rate, Var("基数"))
    expr = Case(((LabelIs(label, "好"), divided),), Const(F(0)))
    held = hold(expr, {"态度": "好", "基数": F(2)})
    curve = curve_of(held)
    assert curve is not None
    assert curve.exact_at(F(1)) == F(1, 2)
    worse = curve_of(hold(expr, {"态度": "差", "基数": F(2)}))
    assert worse is not None
    assert worse.exact_at(F(1)) == 0
    none = curve_of(hold(expr, {"态度": "好", "基数": F(0)}))
    assert none is None or isinstance(none.exact_at(F(1)), Absent)


def test_nothing_left_to_vary_has_no_thresholds() -> None:
    found = thresholds(Const(F(3)), also=[F(1)])
    assert ([one.x for one in found.listed], found.complete) == ([1], True)


# ---- as text, data and HTML ------------------------------------------------------------------------------------------


def test_columns_are_aligned_for_wide_characters() -> None:
    rule = kpilib.compile_rule("满分5分，按客户资料的完成比例计分，错误一项扣1分", indicator="客户资料")
    for table in rule.boundaries().tables:
        heading, header, line, *rows = str(table).splitlines()
        assert heading.startswith(table.input)
        assert {display_width(row[: row.index("「")]) for row in rows} == {
            display_width(header[: header.index("依据")])
        }
        assert max(display_width(row) for row in rows) == display_width(line)


def test_data_has_a_format_version_and_exact_texts() -> None:
    document = kpilib.compile_rule(RULE, full_marks=20).boundaries().to_dict()
    assert json.loads(json.dumps(document, ensure_ascii=False)) == document
    assert (document["format"], document["full_marks"]) == (1, "20")
    rows = document["tables"][0]["rows"]  # type: ignore[index]
    assert rows[6] == {
        "input": "80.01%",
        "points": "0.02",
        "reason": "",
        "code": "",
        "place": "刚高于 80%",
        "words": ["每低1%，减2分"],
        "because": "",
    }


def test_names_are_text_in_html() -> None:
    rule = kpilib.compile_rule(RULE, full_marks=20, indicator="<script>alert(1)</script>率")
    html = rule.boundaries()._repr_html_()
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert html.count("☐") == 11
