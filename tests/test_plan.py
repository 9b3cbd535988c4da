"""Plans: how a file is read and printed, and what a person's facts come to."""

import csv
import pickle
from datetime import date
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from attrs import fields
from hypothesis import given, settings
from hypothesis import strategies as st

import kpilib
import kpilib.plan
from kpilib.meaning.reading import Reading
from kpilib.plan import (
    NOT_APPLICABLE,
    PENDING,
    Plan,
    check_plan,
    load_plan,
    parse_plan,
    plan_text,
    plans,
    reading_from_words,
)
from kpilib.plan.document import chinese
from kpilib.plan.settings import OPTIONS, Option, Settings, read_settings
from kpilib.syntax.plan_text import read_plan

CASES = Path(__file__).parent / "cases" / "plans"
RULE = "考核目标值为90%；每低1%，减2分"


def case(name: str) -> str:
    return (CASES / f"{name}.kpi").read_text(encoding="utf-8")


def plan_of(*items: str, head: str = "") -> Plan:
    """A plan of one group with items of 「（一）名称（20%）」 and their rules, a text each."""
    lines = "\n".join(f"（{chinese(number)}）{item}" for number, item in enumerate(items, 1))
    return parse_plan(f"方案\n{head}\n一、全部（100%）\n{lines}\n")


# ---- reading and printing --------------------------------------------------------------------------------------------


def test_everything_of_a_file_is_read() -> None:
    plan = parse_plan(case("manager"))
    assert (plan.title, plan.version, plan.effective) == ("大客户经理考核表", "2026-2", date(2026, 4, 1))
    assert dict(plan.signatures) == {
        "prepared": "人力资源部",
        "reviewed": "王经理",
        "approved": "总经理",
        "approved_on": "2026-03-20",
    }
    assert plan.remarks == ("按季度考核",)
    assert [(group.name, group.marks, group.pool) for group in plan.groups] == [
        ("回款完成率", 50, 0),
        ("客户关系", 25, 15),
        ("团队合作", 15, 0),
        ("执行力", 10, 10),
    ]
    assert [(item.name, item.full_marks) for item in plan.indicators] == [
        ("回款完成率", 50),
        ("客户投诉", None),
        ("客户拜访数", 10),
        ("团队合作", 15),
        ("考勤", None),
    ]
    first = plan["回款完成率"]
    assert (first.target, first.unit, first.source, first.weight) == ("100%", "%", "财务部", Fraction(1, 2))
    assert plan["客户投诉"].department == "客服部"
    assert plan["考勤"].remarks == ("请假须事先报告",)
    assert dict(plan.coefficients) == {"及格": Fraction(4, 5), "良好": 1, "优秀": Fraction(6, 5)}


@pytest.mark.parametrize("text", [case("manager"), plan_text("大客户专员")])
def test_reading_the_printed_text_gives_the_same_plan(text: str) -> None:
    plan = parse_plan(text)
    again = parse_plan(plan.text)
    assert again == plan
    assert again.text == plan.text


def test_a_byte_order_mark_and_windows_line_ends_change_nothing() -> None:
    text = case("manager")
    assert parse_plan("\ufeff" + text.replace("\n", "\r\n")) == parse_plan(text)


def test_full_and_half_width_signs_are_the_same() -> None:
    plan = parse_plan("方案\n一、业绩(100%)\n(一)回款率(100%)\n考核目标值为90%;每低1%,减2分\n")
    assert plan.score({"回款率": "85%"}).total == 90
    assert plan["回款率"].full_marks == 100


def test_a_rule_line_that_looks_like_another_line_is_printed_so_that_it_reads_back() -> None:
    plan = plan_of("回款率（100%）：目标值：90%；每低1%，减2分")
    assert plan["回款率"].target == ""
    assert "评分标准：目标值：90%" in plan.text
    assert parse_plan(plan.text) == plan


def test_a_printed_plan_has_plain_characters_in_its_rules_and_scores_the_same() -> None:
    plan = plan_of(
        "回款率（60%）\n考核目標值為９０％,每低１％,減2分;低於７０％，該項記０分",
        "资料（40%）\n目標值為10,000条;每少1,000条扣1分(扣完為止)",
        head="等级：60分以上合格；60分以下不合格\n系数：合格1;不合格0",
    )
    assert "考核目标值为90%，每低1%，减2分；低于70%，该项记0分" in plan.text
    assert "目标值为10,000条；每少1,000条扣1分（扣完为止）" in plan.text
    assert "奖金系数：合格1.0；不合格0\n" in plan.text
    again = parse_plan(plan.text)
    assert (again, again.text) == (plan, plan.text)
    for rate, count in (("85.4%", 9_500), ("60%", 12_000)):
        facts = {"回款率": rate, "资料": count}
        assert again.score(facts).total == plan.score(facts).total


def test_positions_of_rules_are_positions_in_the_file() -> None:
    head = "方案\n一、业绩（100%）\n（一）回款率（100%）\n"
    text = f"{head}考核目标值为90%\n数据来源：财务部\n每低1%咔减2分\n（二）别的\n{RULE}"
    findings = [finding for finding in check_plan(text) if finding.level == "error"]
    assert findings
    for finding in findings:
        assert finding.span is not None
        assert len(head) <= finding.span.start < finding.span.end <= text.index("（二）")
        assert finding.source == text


def test_a_plan_can_be_kept_and_sent() -> None:
    plan = parse_plan(case("manager"))
    assert plan.score(GOOD).total == 94
    assert pickle.loads(pickle.dumps(plan)).score(GOOD).total == 94
    assert pickle.loads(pickle.dumps(plan)) == plan


@pytest.mark.parametrize(
    ("number", "words"),
    [(1, "一"), (10, "十"), (19, "十九"), (20, "二十"), (100, "一百"), (105, "一百零五"), (110, "一百一十")],
)
def test_headings_count_in_chinese(number: int, words: str) -> None:
    assert chinese(number) == words


@settings(deadline=None)
@given(st.integers(1, 100))
def test_headings_are_counted_as_they_are_printed(count: int) -> None:
    text = "方案\n" + "".join(f"{chinese(number)}、组{number}\n" for number in range(1, count + 1))
    assert [group.heading.number for group in read_plan(text).groups] == list(range(1, count + 1))


# ---- scoring ---------------------------------------------------------------------------------------------------------

GOOD = {"回款完成率": "95%", "客户投诉": 0, "客户拜访数": 10, "团队合作": "90%", "考勤": {"迟到": 1, "早退": 0}}


def test_a_sheet_adds_up() -> None:
    sheet = parse_plan(case("manager")).score(GOOD)
    assert {name: item.points for name, item in sheet.items.items()} == {
        "回款完成率": 45,
        "客户投诉": 0,
        "客户拜访数": 10,
        "团队合作": 15,
        "考勤": -1,
    }
    assert [(group.name, group.points) for group in sheet.groups] == [
        ("回款完成率", 45),
        ("客户关系", 25),
        ("团队合作", 15),
        ("执行力", 9),
    ]
    assert (sheet.total, sheet.grade, sheet.coefficient) == (94, "优秀", Decimal("1.2"))
    assert (sheet.pending, sheet.not_applicable) == ((), ())
    assert sheet.items["回款完成率"].full_marks == 50
    assert sheet.items["回款完成率"].weight == Fraction(1, 2)


def test_eight_complaints_take_the_pool_below_nothing() -> None:
    plan = parse_plan(
        "方案\n一、业绩（75分）\n"
        + f"（一）回款率（75分）\n{RULE}\n二、客户关系（25分）\n"
        + "（一）客户投诉\n一次扣5分，上不封顶\n（二）客户资料（10分）\n"
        + "考核目标值为90%；每低1%，减1分\n"
    )
    sheet = plan.score({"回款率": "90%", "客户投诉": 8, "客户资料": "90%"})
    assert sheet.groups[1].points == 15 - 40 + 10
    assert sheet.total == 60
    assert plan.score({"回款率": "90%", "客户投诉": 0, "客户资料": "90%"}).groups[1].points == 25


def test_a_pool_stops_at_nothing() -> None:
    sheet = parse_plan(case("manager")).score({**GOOD, "考勤": {"迟到": 3, "早退": 20}})
    (pool,) = [pool for pool in sheet.pools if pool.group == "执行力"]
    assert (pool.marks, pool.given_back) == (10, 33)
    assert sheet.groups[3].points == 0
    assert "扣完为止，退回 33 分" in str(sheet)


def test_of_two_deductions_only_the_one_without_a_floor_goes_below_nothing() -> None:
    plan = plan_of("甲\n一次扣5分", "乙\n一次扣5分，上不封顶", f"丙（90%）\n{RULE}")
    facts = {"丙": "90%"}
    assert plan.score({**facts, "甲": 4, "乙": 0}).total == 90
    assert plan.score({**facts, "甲": 0, "乙": 4}).total == 80
    assert plan.score({**facts, "甲": 4, "乙": 1}).total == 90
    assert plan.score({**facts, "甲": 1, "乙": 4}).total == 80


def test_facts_come_whole_by_input_or_dotted() -> None:
    plan = parse_plan(case("manager"))
    rest = {name: value for name, value in GOOD.items() if name != "考勤"}
    sheets = [
        plan.score({**rest, "考勤": {"迟到": 1, "早退": 0}}),
        plan.score({**rest, "考勤.迟到": 1, "考勤.早退": 0}),
        plan.score({**rest, "考勤.迟到": "1次", "考勤．早退": 0}),
        plan.score({**rest, "回款完成率": Decimal(95), "考勤": {"迟到": 1, "早退": 0}}),
        plan.score({**rest, "回款完成率": "0.95", "考勤": {"迟到": 1, "早退": 0}}, units={"回款完成率": "ratio"}),
    ]
    assert {sheet.total for sheet in sheets} == {94}


def test_a_target_of_ones_own() -> None:
    plan = parse_plan(case("manager"))
    assert plan.score(GOOD, targets={"回款完成率": "95%"}).items["回款完成率"].points == 50
    assert plan.score(GOOD, targets={"回款完成率": None}).items["回款完成率"].points == 45


@pytest.mark.parametrize("missing", [None, "", "待定", " 待定 ", PENDING])
def test_what_is_not_known_yet_leaves_the_total_open(missing: object) -> None:
    sheet = parse_plan(case("manager")).score({**GOOD, "客户投诉": missing})
    assert sheet.total is sheet.grade is sheet.coefficient is None
    assert sheet.pending == (("客户投诉", "没有数据"),)
    assert sheet.items["客户投诉"].points is None
    assert sheet.groups[1].points is None
    assert sheet.groups[0].points == 45
    assert "总分：待定" in str(sheet)


def test_a_fact_that_is_left_out_is_pending() -> None:
    plan = parse_plan(case("manager"))
    assert plan.score({}).pending == tuple((item.name, "没有数据") for item in plan.indicators)
    assert plan.score({**GOOD, "考勤": {"迟到": "不适用", "早退": "不适用"}}).not_applicable == ("考勤",)
    with pytest.raises(kpilib.InputError, match="「迟到」却有值"):
        plan.score({**GOOD, "考勤": {"迟到": 1, "早退": "不适用"}})  # what was recorded is never dropped
    assert plan.score({**GOOD, "考勤": {"迟到": 1}}).pending == (("考勤", "没有数据：早退"),)


THREE = (f"甲（50%）\n{RULE}", f"乙（30%）\n{RULE}", f"丙（20%）\n{RULE}")
FACTS = {"甲": "90%", "乙": "85%", "丙": "90%"}


@pytest.mark.parametrize("value", ["不适用", NOT_APPLICABLE, " 不适用"])
def test_the_weight_of_what_does_not_apply_goes_to_the_rest(value: object) -> None:
    sheet = plan_of(*THREE).score({**FACTS, "丙": value})
    assert sheet.not_applicable == ("丙",)
    assert sheet.items["甲"].points == Decimal("62.5")
    assert sheet.items["乙"].points == 25
    assert sheet.items["甲"].full_marks == Decimal("62.5")
    assert sheet.items["丙"].points is None
    assert sheet.total == Decimal("87.5")


@pytest.mark.parametrize(
    ("words", "total"), [("不适用：计满分", 90), ("不适用：计0分", 70), ("不适用：权重摊到其余", "87.5")]
)
def test_what_does_not_apply_as_the_plan_says(words: str, total: object) -> None:
    assert plan_of(*THREE, head=f"口径：{words}").score({**FACTS, "丙": "不适用"}).total == Decimal(str(total))


@pytest.mark.parametrize(("words", "total"), [("缺项：记0分", 70), ("缺项：重新分配权重", "87.5")])
def test_what_is_missing_as_the_plan_says(words: str, total: object) -> None:
    assert plan_of(*THREE, head=f"口径：{words}").score({**FACTS, "丙": None}).total == Decimal(str(total))


def test_the_weight_of_a_group_that_does_not_apply_goes_to_the_other_groups() -> None:
    plan = parse_plan(f"方案\n一、甲组（80%）\n（一）甲（80%）\n{RULE}\n二、乙组（20%）\n（一）乙（20%）\n{RULE}\n")
    assert plan.score({"甲": "90%", "乙": "不适用"}).total == 100
    nothing = plan.score({"甲": "不适用", "乙": "不适用"})
    assert (nothing.total, nothing.pending) == (None, (("方案", "有分值的指标都不适用"),))


def test_a_hundred_marks_times_the_weight() -> None:
    plan = plan_of(f"甲（20%）\n{RULE}", f"乙（80%）\n{RULE}", head="口径：计分制 百分制加权")
    sheet = plan.score({"甲": "85%", "乙": "90%"})
    assert sheet.items["甲"].points == 18
    assert sheet.total == 98


def test_a_scale_of_its_own() -> None:
    plan = plan_of(f"甲（20%）\n满分：10分\n{RULE}", f"乙（80%）\n{RULE}")
    sheet = plan.score({"甲": "89%", "乙": "90%"})
    assert sheet.items["甲"].points == 16
    assert sheet.items["甲"].full_marks == 20
    assert parse_plan(plan.text) == plan


def test_items_are_rounded_and_then_added_or_only_the_total() -> None:
    rule = "考核目标值为90%；每低3%，减1分"
    items = (f"甲（50%）\n{rule}", f"乙（50%）\n{rule}")
    facts = {"甲": "89%", "乙": "89%"}
    assert plan_of(*items).score(facts).total == Decimal("99.34")
    assert plan_of(*items, head="口径：总分一次舍入").score(facts).total == Decimal("99.33")
    assert plan_of(*items, head="口径：每项得分取整").score(facts).total == 100
    assert plan_of(*items, head="口径：每项得分保留1位小数").score(facts).total == Decimal("99.4")


def test_an_indicator_may_have_a_reading_of_its_own() -> None:
    plan = plan_of(f"甲（50%）\n口径：不足一档不计\n{RULE}", f"乙（50%）\n{RULE}", head="口径：不足一档按比例")
    sheet = plan.score({"甲": "89.5%", "乙": "89.5%"})
    assert (sheet.items["甲"].points, sheet.items["乙"].points) == (50, 49)
    assert parse_plan(plan.text) == plan


def test_points_above_and_beside_the_hundred() -> None:
    plan = parse_plan(
        f"方案\n一、业绩（100%）\n（一）甲（100%）\n{RULE}\n二、加减分项\n（一）表扬\n一次加1分\n（二）处分\n一次扣20分\n"
    )
    assert plan.score({"甲": "90%", "表扬": 3, "处分": 0}).total == 103
    assert plan.score({"甲": "不适用", "表扬": 3, "处分": 0}).pending == (("方案", "有分值的指标都不适用"),)
    assert plan.score({"甲": "90%", "表扬": 0, "处分": 1}).total == 80


def test_a_plan_of_another_total() -> None:
    plan = parse_plan(f"方案\n满分：120分\n一、甲（80分）\n{RULE}\n二、乙（40分）\n{RULE}\n")
    assert plan.score({"甲": "90%", "乙": "90%"}).total == 120
    assert "满分：120分" in plan.text


def test_a_case_that_the_rule_leaves_out_is_pending() -> None:
    plan = plan_of("甲（100%）\n90%以上得100分；80%以下得0分")
    sheet = plan.score({"甲": "85%"})
    assert sheet.total is None
    assert [item for item, _ in sheet.pending] == ["甲"]
    assert plan.score({"甲": "90%"}).total == 100


def test_a_target_that_nobody_gave_is_pending() -> None:
    plan = plan_of("甲（100%）\n每低1%，减2分")
    assert plan.score({"甲": "85%"}).total is None
    assert plan.score({"甲": "85%"}, targets={"甲": "90%"}).total == 90


@pytest.mark.parametrize(
    ("lines", "rule", "fact", "points"),
    [
        ("目标值：90\n单位：%", "每低1%，减2分，低于70%记为0分", 85, 90),
        ("目标值：90\n单位：％", "每低1%，减2分，低于70%记为0分", "85%", 90),
        ("目标值：９０％\n单位：%", "完成率每低1%，减2分", 85, 90),
        ("目标值：0.9\n单位：%", "每低1%，减2分", 0.4, 99),
        ("目标值：90\n单位：%", "考核目标值为90%；每低1%，减2分", 85, 90),
        ("目标值：100\n单位：万元", "每少10万元，减2分", 80, 96),
        ("目标值：100\n单位：万元", "按完成比例计分", 80, 80),
        ("目标值：100\n单位：万元", "每少1%，减2分", "950000元", 90),
        ("目标值：30万\n单位：元", "每少1万元，减2分", 280_000, 96),
        ("目标值：10\n单位：家", "每少1家，减2分", 8, 96),
        ("目标值：10", "每少1家，减2分", 8, 96),
        ("目标值：不超过3\n单位：次", "每多1次，减2分", 5, 96),
        ("目标值：5000", "每少1000元，减2分", 4000, 98),
        ("目标值：90", "按完成比例计分", 45, 50),
        ("目标值：90", "每低1分，减2分", 85, 90),
        ("目标值：3\n单位：天", "每超过1天扣2分", "4天", 98),
    ],
)
def test_a_bare_target_is_in_the_unit_of_the_indicator(lines: str, rule: str, fact: object, points: int) -> None:
    plan = plan_of(f"甲（100%）\n{lines}\n{rule}")
    assert plan.score({"甲": fact}).total == points
    assert parse_plan(plan.text) == plan


@pytest.mark.parametrize(
    ("lines", "rule", "at", "said"),
    [
        ("目标值：90", "每低1%，减2分", "90", "是 90%，还是 9000%？"),
        ("目标值：90", "完成率每低1%，减2分，低于70%记为0分", "90", "加一行 单位：%"),
        ("目标值：100", "每少10万元，减2分", "100", "加一行 单位：万元"),
        ("目标值：3", "每延误1天扣2分", "3", "加一行 单位：天"),
        ("目标值：90%", "每少1家，减2分", "90%", "规则的单位「家」对不上"),
        ("目标值：10\n单位：万元", "每少1家，减2分", "10", "规则的单位「家」对不上"),
        ("目标值：100万\n单位：万元", "每少1万元，减2分", "100万", "合不到一起"),
        ("目标值：90%\n单位：万元", "每低1%，减2分", "万元", "改成 单位：%"),
        ("单位：分", "一次扣5分", "分", "改成 单位：次"),
    ],
)
def test_a_target_that_the_rule_cannot_take_is_found_on_its_line(lines: str, rule: str, at: str, said: str) -> None:
    text = f"方案\n一、全部（100%）\n（一）甲（100%）\n{lines}\n{rule}\n"
    (finding,) = [finding for finding in check_plan(text) if finding.level == "error"]
    assert finding.code in {"KPI401", "KPI802"}
    assert finding.span is not None
    assert text[finding.span.start : finding.span.end] == at
    assert text.index("（100%）\n", 12) < finding.span.start < text.index(rule)
    assert said in str(finding)


@pytest.mark.parametrize(
    ("lines", "rule", "target", "points"),
    [
        ("目标值：90\n单位：%", "每低1%，减2分", 95, 80),
        ("目标值：90\n单位：%", "每低1%，减2分", "95", 80),
        ("目标值：90\n单位：%", "每低1%，减2分", "不低于95", 80),
        ("目标值：90\n单位：%", "每低1%，减2分", kpilib.Quantity("0.95", "ratio"), 80),
        ("单位：%", "每低1%，减2分", 95, 80),
        ("目标值：100家", "每少1家，减2分", 95, 80),
        ("", "每少1家，减2分", 95, 80),
        ("", "按完成比例计分", 170, 50),
    ],
)
def test_a_bare_target_of_ones_own_is_in_the_same_unit(lines: str, rule: str, target: object, points: int) -> None:
    plan = plan_of(f"甲（100%）\n{lines}\n{rule}")
    fact = "85%" if "%" in rule else 85
    assert plan.score({"甲": fact}, targets={"甲": target}).total == points
    again = plan.score({"甲": fact}, targets={"甲": kpilib.Quantity("0.95")}) if "目标值：90" in lines else None
    assert again is None or again.total == 100  # 0.95% is not 0.95, though both print as 0.95


@pytest.mark.parametrize("lines", ["", "目标值：100万元"])
def test_a_bare_target_of_ones_own_that_may_mean_two_things_is_refused(lines: str) -> None:
    plan = plan_of(f"甲（100%）\n{lines}\n每少10万元，减2分")
    with pytest.raises(kpilib.InputError, match="目标值 80 没有单位") as caught:
        plan.score({"甲": "70万元"}, targets={"甲": 80})
    assert caught.value.code == "KPI802"


def test_explanations_say_why() -> None:
    sheet = parse_plan(case("manager")).score(GOOD)
    words = str(sheet.explain())
    for part in (
        "大客户经理考核表",
        "客户关系（满分 25 分）：25 分",
        "可扣分数：15 分",
        "总分：94 分",
        "等级：优秀",
        "系数：1.2",
    ):
        assert part in words
    assert sheet.explain().to_dict()["total"] == "94"
    assert str(sheet.items["回款完成率"].explanation()).startswith("回款完成率：45 分（满分 50 分）")
    data = sheet.to_dict()
    assert [item["points"] for item in data["items"]] == ["45", "0", "10", "15", "-1"]  # type: ignore[attr-defined]


def test_spread_weights_are_explained() -> None:
    sheet = plan_of(*THREE).score({**FACTS, "丙": "不适用"})
    words = str(sheet)
    assert (
        "甲：62.5 分（满分 50 分，摊入不计分的权重后 62.5 分）\n    不计分的指标的权重摊到这里，得分乘以 1.25\n"
        in words
    )
    assert "丙：不适用，不计分" in words
    item = sheet.items["丙"]
    assert (item.points, item.full_marks, item.plan_marks, item.weight) == (None, None, 20, None)


POOLED = (
    f"方案\n一、甲组（90%）\n（一）甲（60%）\n{RULE}\n（二）乙（30%）\n{RULE}\n"
    f"二、丙组（10%）\n（一）丙\n一次扣1分\n（二）丁（4%）\n{RULE}\n"
)


def test_a_group_that_does_not_apply_has_no_points() -> None:
    sheet = parse_plan(POOLED).score({"甲": "90%", "乙": "85%", "丙": "不适用", "丁": "不适用"})
    kept, gone = sheet.groups
    assert (kept.points, kept.full_marks, kept.plan_marks, kept.state) == (Decimal("88.89"), 100, 90, "scored")
    assert (gone.points, gone.full_marks, gone.plan_marks, gone.pool) == (None, None, 10, None)
    assert (gone.state, gone.reason) == ("not_applicable", "不适用")
    assert (sheet.total, sheet.pools) == (Decimal("88.89"), ())
    lines = str(sheet).split("\n")
    assert "甲组（满分 90 分，摊入不计分的权重后 100 分）：88.89 分" in lines
    assert lines[-4:] == [
        "丙组（满分 10 分）：不适用",
        "  丙：不适用，不计分",
        "  丁：不适用，不计分",
        "总分：88.89 分",
    ]
    data: Any = sheet.to_dict()
    assert data["groups"][1] == {
        "name": "丙组",
        "points": None,
        "full_marks": None,
        "plan_marks": "10",
        "state": "not_applicable",
        "reason": "不适用",
    }
    assert data["groups"][0]["full_marks"] == "100"


def test_a_group_that_is_left_out_for_want_of_data_says_so() -> None:
    plan = parse_plan(POOLED.replace("方案\n", "方案\n口径：缺项：重新分配权重\n"))
    sheet = plan.score({"甲": "90%", "乙": "90%"})
    assert (sheet.total, sheet.groups[1].points, sheet.groups[1].reason) == (100, None, "缺项")
    assert "丙组（满分 10 分）：缺项" in str(sheet)


def test_a_pool_that_weights_are_spread_into_says_what_it_was() -> None:
    sheet = parse_plan(POOLED).score({"甲": "90%", "乙": "90%", "丙": 1, "丁": "不适用"})
    assert "  可扣分数：10 分（原 6 分）" in str(sheet)
    assert (sheet.groups[1].points, sheet.groups[1].full_marks, sheet.groups[1].plan_marks) == (Decimal("8.33"), 10, 10)


def test_a_group_that_is_complete_has_its_pool_while_another_is_pending() -> None:
    sheet = parse_plan(POOLED).score({"甲": "90%", "乙": None, "丙": 1, "丁": "90%"})
    assert (sheet.total, sheet.groups[0].points, sheet.groups[0].state) == (None, None, "pending")
    assert (sheet.groups[1].points, sheet.groups[1].state) == (9, "scored")


def test_marks_are_shown_as_they_are_written() -> None:
    sheet = plan_of(f"甲（33.3%）\n口径：每项得分取整\n{RULE}", f"乙（66.7%）\n{RULE}").score(
        {"甲": "90%", "乙": "90%"}
    )
    assert sheet.items["甲"].full_marks == sheet.items["甲"].plan_marks == Decimal("33.3")


# ---- grades ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "grades"),
    [
        (
            "90分以上优秀；75分以上良好；60分以上及格；60分以下不及格",
            "60 及格 59.99 不及格 75 良好 74.99 及格 90 优秀 120 优秀 -5 不及格",
        ),
        ("60分及格,75分良好,90分优秀", "60 及格 74.9 及格 75 良好 89.9 良好 90 优秀 100 优秀 59.99 未列明"),
        ("优秀：90分以上；良好：75分以上", "90 优秀 89.99 良好 74 未列明"),
        ("90-100分优秀；75-90分良好；75分以下差", "90 优秀 100 优秀 100.01 未列明 75 良好 74.99 差"),
        ("90-100分优秀；75-89分良好", "89 良好 89.5 未列明 90 优秀"),
        ("超过90分优秀；90分以下良好", "90 良好 90.01 优秀"),
        ("≥90优秀；75≤得分<90良好；<75差", "90 优秀 89.99 良好 75 良好 74.99 差"),
        ("优秀（90分以上）；良好（75分（含）-90分（不含））；低于75分差", "90 优秀 89.99 良好 75 良好 0 差"),
        ("A级90分及以上；B级60分（含）以上；C级60分（不含）以下", "90 A级 60 B级 59.99 C级"),
    ],
)  # fmt: skip
def test_grades(words: str, grades: str) -> None:
    plan = plan_of(f"甲（100%）\n{RULE}", head=f"等级：{words}")
    parts = grades.split()
    expected = dict(zip(parts[::2], parts[1::2], strict=True))
    assert {total: plan.grade_of(total) for total in expected} == expected
    assert parse_plan(plan.text) == plan


def test_a_grade_that_is_not_named_has_no_coefficient() -> None:
    plan = plan_of(f"甲（100%）\n{RULE}", head="等级：60分及格,90分优秀\n系数：优秀1.2；及格1")
    sheet = plan.score({"甲": "60%"})
    assert (sheet.total, sheet.grade, sheet.coefficient) == (40, "未列明", None)
    assert "系数：待定" in str(sheet)


# ---- what holds for every plan ---------------------------------------------------------------------------------------

rates = st.decimals(60, 110, places=2).map(lambda rate: f"{rate}%")


@st.composite
def shares(draw: st.DrawFn) -> list[int]:
    """Whole weights that add up to 100."""
    cuts = sorted(draw(st.sets(st.integers(1, 99), max_size=6)))
    return [high - low for low, high in zip([0, *cuts], [*cuts, 100], strict=True)]


@settings(deadline=None)
@given(shares(), st.data())
def test_the_order_of_items_does_not_matter(weights: list[int], data: st.DataObject) -> None:
    items = [f"项{weight}号{number}（{weight}%）\n{RULE}" for number, weight in enumerate(weights)]
    plan = plan_of(*items)
    facts = {item.name: data.draw(rates) for item in plan.indicators}
    shuffled = plan_of(*data.draw(st.permutations(items)))
    assert shuffled.score(facts).total == plan.score(facts).total


@settings(deadline=None)
@given(shares(), st.data())
def test_spread_weights_still_make_a_hundred(weights: list[int], data: st.DataObject) -> None:
    plan = plan_of(*(f"项{number}（{weight}%）\n{RULE}" for number, weight in enumerate(weights)))
    names = [item.name for item in plan.indicators]
    absent = data.draw(st.sets(st.sampled_from(names), max_size=len(names) - 1))
    sheet = plan.score({name: "不适用" if name in absent else "90%" for name in names})
    assert sum(item.weight for item in sheet.items.values() if item.weight is not None) == 1
    assert sheet.total is not None
    assert abs(sheet.total - 100) <= Decimal("0.005") * len(names)
    assert sum(item.points for item in sheet.items.values() if item.points is not None) == sheet.total


@settings(deadline=None)
@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 9), st.booleans()), min_size=1, max_size=5), st.data())
def test_pools_conserve(draws: list[tuple[int, int, bool]], data: st.DataObject) -> None:
    items = [f"扣{n}\n一次扣{step}分{'，上不封顶' if loose else ''}" for n, (_, step, loose) in enumerate(draws)]
    plan = plan_of(*data.draw(st.permutations(items)), f"本项（60%）\n{RULE}")
    sheet = plan.score({**{f"扣{n}": times for n, (times, _, _) in enumerate(draws)}, "本项": "90%"})
    (pool,) = sheet.pools
    points = sum(item.points for item in sheet.items.values() if item.points is not None)
    assert sheet.total == points + pool.marks + pool.given_back
    loose = sum(-times * step for times, step, unbounded in draws if unbounded)
    every = sum(-times * step for times, step, _ in draws)
    left = pool.marks + pool.given_back + every
    assert left == max(40 + every, min(0, 40 + loose))
    assert pool.given_back >= 0


@settings(deadline=None)
@given(shares(), st.data())
def test_both_ways_of_scoring_agree(weights: list[int], data: st.DataObject) -> None:
    plan = plan_of(*(f"项{number}（{weight}%）\n{RULE}" for number, weight in enumerate(weights)))
    facts = {item.name: data.draw(rates) for item in plan.indicators}
    straight = plan.score(facts)
    careful = plan.scorer.careful(facts, None, None)
    assert straight.to_dict() == careful.to_dict()
    assert straight.items.keys() == facts.keys()


def test_shipped_plans_are_fine() -> None:
    assert "大客户专员" in plans()
    for name in plans():
        assert [
            str(finding) for finding in check_plan(load_plan(name).source, final=True) if finding.level == "error"
        ] == []


def test_readings_from_words() -> None:
    reading = reading_from_words("不足一档不计；每项得分保留1位小数")
    assert (reading.step, reading.places) == ("floor", 1)


def test_every_option_of_a_reading_has_words_and_the_default_stands_first() -> None:
    names = {option.name for option in fields(Reading)} - {"stated"}
    assert {option.name for option in OPTIONS if option.of == "rule"} == names
    for option in OPTIONS:
        owner = Reading() if option.of == "rule" else Settings()
        assert getattr(owner, option.name) == option.choices[0].value


@pytest.mark.parametrize("option", OPTIONS, ids=lambda option: option.name)
def test_every_wording_is_read_and_printed_again(option: Option) -> None:
    for choice in option.choices:
        for words in choice.words:
            settings, found = read_settings(words)
            assert found == ()
            owner = settings.reading if option.of == "rule" else settings
            assert getattr(owner, option.name) == choice.value
            assert option.name in owner.stated
            assert read_settings(settings.words) == (settings, ())


@pytest.mark.checkout
def test_the_docs_show_every_option() -> None:
    page = (Path(__file__).parents[1] / "docs" / "plans.md").read_text(encoding="utf-8")
    for option in OPTIONS:
        words = option.choices[:2] if option.name == "places" else option.choices
        for choice in words:
            assert read_settings(choice.words[0])[0].words in page


def test_shipped_facts_are_scored() -> None:
    folder = Path(kpilib.plan.__file__).parents[1] / "plans"
    with (folder / "大客户专员.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 8
    plan = load_plan("大客户专员")
    sheets = []
    for row in rows:
        facts: dict[str, str] = {}
        targets: dict[str, str] = {}
        for header, cell in row.items():
            name, _, unit = header.removesuffix(")").partition("(")
            value = f"{cell}{unit}" if cell and cell != "不适用" else cell
            if name.endswith(".目标值"):
                targets[name.removesuffix(".目标值")] = value
            elif name not in ("工号", "姓名", "部门"):
                facts[name] = value
        sheets.append(plan.score(facts, targets=targets))
    assert [sheet.grade for sheet in sheets] == ["优秀", "优秀", "良好", "及格", "不及格", "优秀", None, "良好"]
    assert sheets[6].pending == (("客户满意度", "没有数据"),)
    assert {name for sheet in sheets for name in sheet.not_applicable} == {"方案撰写能力"}
    assert all(str(sheet.explain()) for sheet in sheets)


# ---- generated plans -------------------------------------------------------------------------------------------------

names = st.text(st.sampled_from("回款完成率客户投诉数与（季度）A1"), min_size=1, max_size=6).filter(
    lambda name: name.count("（") == name.count("）") == 0
)
values = st.text(st.sampled_from("财务部客户一二三（）、，：:0%"), min_size=1, max_size=8).map(str.strip).filter(bool)
heads = st.lists(
    st.sampled_from(
        [
            "版本：2026-1",
            "生效日期：2026年1月1日",
            "口径：不足一档不计；每项得分保留1位小数",
            "口径：不适用：计满分",
            "等级：90分以上优秀；60-90分良好",
            "等级：60分及格",
            "编制：人力资源部",
            "批准日期：2026-03-20",
        ]
    ),
    unique_by=lambda line: line[:2],
    max_size=6,
)
rules = st.sampled_from(
    [
        RULE,
        "1. 考核目标值为90%\n2. 每低1%，减2分\n3. 低于70%，该项考核记为0分",
        "评分标准：目标值：90%；每低1%，减2分",
        "考核目标值为5家；每少1家，减1分",
    ]
)


@st.composite
def plan_texts(draw: st.DrawFn) -> str:
    """Texts of plans that are fine, with every kind of line somewhere."""
    lines = [draw(names), *draw(heads)]
    weights = draw(shares())
    used = draw(st.lists(names, min_size=2 * len(weights), max_size=2 * len(weights), unique=True))
    for number, weight in enumerate(weights):
        unit = draw(st.sampled_from("%分"))
        lines.append(f"{chinese(number + 1)}、{used[2 * number]}（{weight}{unit}）")
        if draw(st.booleans()):
            lines.append(f"注：{draw(values)}")
        pool = weight > 1 and draw(st.booleans())
        if draw(st.booleans()) or pool:
            lines.append(f"（一）{used[2 * number + 1]}（{weight - pool}{draw(st.sampled_from('%分'))}）")
        for key in draw(st.sets(st.sampled_from(["数据来源", "责任部门", "评分人", "适用"]))):
            lines.append(f"{key}：{draw(values)}")
        lines.append(draw(rules))
        if pool:
            lines += [f"（二）扣分{number}", "客户投诉一次扣5分，上不封顶"]
    return "\n".join(lines)


@settings(deadline=None)
@given(plan_texts())
def test_printing_and_reading_again_changes_nothing(text: str) -> None:
    plan = parse_plan(text)
    assert parse_plan(plan.text) == plan
    assert parse_plan(plan.text).text == plan.text
    assert [finding for finding in check_plan(plan.text) if finding.level == "error"] == []


def test_the_unit_of_an_indicator_goes_to_the_inputs_that_it_fits() -> None:
    plan = plan_of("资料（100%）\n单位：%\n满分100分，按完成比例计分，错误一项扣2分")
    assert [put.unit for put in plan["资料"].rule.inputs] == ["%", "项"]
    for facts in ({"资料.完成比例": 90, "资料.错误": 1}, {"资料": {"完成比例": Decimal(90), "错误": 1}}):
        assert plan.score(facts).total == 88
    assert plan.score({"资料.完成比例": "0.9", "资料.错误": 1}, units={"资料.完成比例": "ratio"}).total == 88


def test_marks_of_a_person_are_asked_for_only_where_the_case_does() -> None:
    plan = parse_plan("考核\n一、态度（100%）\n（一）服务（100%）\n优秀得90-100分；良好得70-89分；较差得0分")
    assert plan.score({"服务.x": "较差"}).total == 0
    assert plan.score({"服务.x": "较差", "服务.评分": ""}).total == 0
    assert plan.score({"服务.x": "优秀", "服务.评分": "95分"}).total == 95
    (pending,) = plan.score({"服务.x": "优秀"}).pending
    assert "评分" in pending.reason
