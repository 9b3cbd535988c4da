"""What a rule leaves untold is never scored as if nothing had happened."""

from __future__ import annotations

import pytest

import kpilib


@pytest.mark.parametrize(
    ("text", "untold", "told", "points"),
    [
        ("乙级病历1份扣2分，2份扣5分，超过3份不得分", "3份", "4份", 0),
        ("早退1-3次扣2分，超过5次不得分", "5次", "2次", 8),
        ("盘点差异率0.5%-1%扣3分，1.5%以上不得分", "1.2%", "1%", 7),
        ("达成率低于95%且高于90%扣3分，低于90%扣8分", "90%", "91%", 7),
        ("退件多于2次且少于5次扣3分，多于5次扣8分", "5次", "6次", 2),
    ],
)
def test_a_gap_between_deductions_is_untold(text: str, untold: str, told: str, points: int) -> None:
    rule = kpilib.compile_rule(text, full_marks=10)
    with pytest.raises(kpilib.UncoveredError):
        rule.score(untold)
    assert rule.score(told) == points
    assert "KPI909" in {note.code for note in rule.notes}


@pytest.mark.parametrize(
    "remark", ["四舍五入取整", "不可抗力免责", "特殊情况另议", "仅限销售部", "除雨天外", "具体分值由主管掌握"]
)
def test_a_remark_that_may_change_the_points_asks_for_confirmation(remark: str) -> None:
    rule = kpilib.compile_rule(f"每低1%扣2分，{remark}", full_marks=20, target="90%")
    assert [note.level for note in rule.notes if note.code == "KPI904"] == ["需确认"]


def test_a_target_without_unit_asks_whose_percentage_it_is() -> None:
    rule = kpilib.compile_rule("每低1%扣2分", full_marks=20, target="90")
    assert [note.level for note in rule.notes if note.code == "KPI906"] == ["需确认"]


@pytest.mark.parametrize(
    ("text", "target", "code"),
    [
        ("每低1%扣2分；低于70%得5分；低于70%得0分", "90%", "KPI119"),
        ("达到90%得20分，每低1%扣2分，低于95%得0分", None, "KPI118"),
        ("每低1%扣2分，低于95%得0分", "90%", "KPI118"),
    ],
)
def test_bounds_beside_a_step_may_not_contradict_it(text: str, target: str | None, code: str) -> None:
    with pytest.raises(kpilib.RuleSyntaxError) as caught:
        kpilib.compile_rule(text, full_marks=20, target=target)
    assert caught.value.code == code


def test_a_target_that_cannot_be_read_is_not_left_out() -> None:
    with pytest.raises(kpilib.InputError, match="目标值「abc」读不懂"):
        kpilib.compile_rule("每低1%扣2分", full_marks=20, target="abc")


def test_a_quantity_is_made_from_plain_values() -> None:
    rule = kpilib.compile_rule("每低1%扣2分", full_marks=20, target="90%")
    assert rule.score(kpilib.Quantity("85.5", "%")) == 11
    assert str(kpilib.Quantity(85, "%")) == "85%"
    for number, unit in ((True, "%"), (float("nan"), "%"), (90, "foo")):
        with pytest.raises(kpilib.InputError):
            kpilib.Quantity(number, unit)


@pytest.mark.parametrize(
    ("text", "code", "level"),
    [
        ("对下列事项满意：着装整洁、工牌佩戴", "KPI909", "需确认"),
        ("对下列事项满意：着装整洁、工牌佩戴。全部符合得满分", "KPI909", "需确认"),
        ("每完成1项改造得2分，最高得10分", "KPI907", "info"),
        ("次品率2%以内得满分，每高1%扣1分，高3%以上不得分", "KPI907", "需确认"),
    ],
)
def test_what_the_words_leave_open_is_told(text: str, code: str, level: str) -> None:
    notes = kpilib.compile_rule(text, full_marks=10).notes
    assert (code, level) in [(note.code, note.level) for note in notes]


@pytest.mark.parametrize(
    "text",
    ["对下列事项满意：着装整洁、工牌佩戴。按满足项数的比例计分", "对下列事项满意：着装整洁、工牌佩戴。每满足一项得5分"],
)
def test_a_checklist_that_says_what_a_part_earns_is_not_asked_about(text: str) -> None:
    rule = kpilib.compile_rule(text, full_marks=10)
    assert not rule.notes
    assert not kpilib.compile_rule(rule.text, full_marks=10).notes


@pytest.mark.parametrize("tick", ["有", "无"])
def test_a_tick_that_says_the_opposite_of_some_items_is_refused(tick: str) -> None:
    rule = kpilib.compile_rule("对下列事项满意：无差错、着装整洁", full_marks=10)
    with pytest.raises(kpilib.InputError):
        rule.score({"无差错": tick, "着装整洁": "是"})


def test_a_weekday_that_is_no_deadline_stays_in_the_words() -> None:
    rule = kpilib.compile_rule("每月第二个周一例会缺席一次扣1分", full_marks=10)
    assert "按时" not in rule.text
    assert not any(note.level == "需确认" for note in rule.notes)
    assert "按时" not in kpilib.compile_rule("每月底前盘点错误一处扣1分", full_marks=10).text
