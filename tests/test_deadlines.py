"""Deadlines: a date and its period give the days that a rule counts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

import kpilib
from kpilib import Period, WeekdayCalendar, compile_rule
from kpilib.period import MonthDay, NthWeekday, PeriodEnd, WorkdayOfMonth, YearDay, read_due
from kpilib.syntax.deadline import read_deadline

LATE = "逾期一天扣1分"


@pytest.mark.parametrize(
    ("words", "canonical"),
    [
        ("每月25号前", "每月25日前"),
        ("每个月 25 日之前", "每月25日前"),
        ("每月底前", "每月月底前"),
        ("月末以前", "每月月底前"),
        ("次月3日前", "次月3日前"),
        ("每月第3个工作日前", "每月第3个工作日前"),
        ("次月5个工作日内", "次月第5个工作日前"),
        ("每年12月15日前", "每年12月15日前"),
        ("每年九月底前", "每年9月底前"),
        ("季度末前", "期末前"),
        ("年底前", "期末前"),
        ("季度结束后5日内", "期末后5日内"),
        ("季度结束后五个工作日内", "期末后5个工作日内"),
        ("每个销售期的第二个星期五", "期间的第二个星期五"),
        ("每个销售期的最后一个周五前", "期间的最后一个星期五"),
    ],
)
def test_what_people_write_is_one_rule(words: str, canonical: str) -> None:
    deadline, rest = read_deadline(f"{words}完成")
    assert deadline is not None
    assert deadline.due == canonical
    assert str(read_due(canonical)) == canonical
    assert len(rest) == len(words) + 2, "places in the text must stay what they are"


@pytest.mark.parametrize(
    "due",
    [MonthDay(25), MonthDay(31, 1), MonthDay(3, 2), NthWeekday(4, 2), NthWeekday(6, -1), NthWeekday(0, -3), PeriodEnd(), PeriodEnd(5),
     PeriodEnd(-3), PeriodEnd(5, unit="workday"), YearDay(12, 15), YearDay(1, 31, 1), WorkdayOfMonth(3), WorkdayOfMonth(-1), WorkdayOfMonth(5, 1)],
)  # fmt: skip
def test_a_due_date_reads_back(due: Any) -> None:
    assert read_due(str(due)) == due


@pytest.mark.parametrize(
    ("rule", "value", "period", "points"),
    [
        (f"每月25号前提交报表，{LATE}", "2026-03-27", "2026-03", "8"),
        (f"每月25号前提交报表，{LATE}", date(2026, 3, 25), "2026-03", "10"),
        (f"每月25号前提交报表，{LATE}", "2026年3月1日", "2026年3月", "10"),
        (f"每月25号前提交报表，{LATE}", "2026-01-25、2026-02-27、2026-03-26", "2026Q1", "7"),
        (f"每月25号前提交报表，{LATE}", [date(2026, 1, 30), "2026-02-25", "2026-03-25"], "2026Q1", "5"),
        (f"月底前提交报表，{LATE}", "2026-03-01", "2026-02", "9"),
        (f"次月3日前提交报表，{LATE}", "2026-04-05", "2026-03", "8"),
        (f"每个销售期的第二个星期五前完成对账，{LATE}", "2026-01-12", "2026-01-01至2026-02-15", "7"),
        ("每月25日前完成得满分，逾期不得分", "2026-03-26", "2026-03", "0"),
        ("每月25日前完成得满分，逾期不得分", "2026-03-25", "2026-03", "10"),
        ("每月25日前上报，逾期不得分", "2026-03-26", "2026-03", "0"),
        ("每年12月15日前完成，每提前1天加1分，最多加5分，每延迟1天扣1分", "2026-12-12", "2026", "13"),
        ("每年12月15日前完成，每提前1天加1分，最多加5分，每延迟1天扣1分", "2026-12-20", "2026", "5"),
        (f"每月25号前提交报表，{LATE}", "2天", None, "8"),
    ],
)
def test_a_date_is_held_against_the_deadline(rule: str, value: Any, period: Any, points: str) -> None:
    compiled = compile_rule(rule, full_marks=10)
    assert compiled.score(value, period=period) == Decimal(points)
    assert compiled.exact_score(value, period=period) == Decimal(points)
    assert compiled.explain(value, period=period).points == Decimal(points)


def test_workdays_need_a_calendar() -> None:
    rule = compile_rule("次月3日前上交，每延误1个工作日扣2分", full_marks=10)
    friday_to_tuesday = "2026-04-07"
    assert rule.score(friday_to_tuesday, period="2026-03", calendar=WeekdayCalendar()) == Decimal(6)
    with pytest.raises(kpilib.InputError) as caught:
        rule.score(friday_to_tuesday, period="2026-03")
    assert caught.value.code == "KPI809"


@pytest.mark.parametrize(
    ("value", "period", "said"),
    [
        ("2026-03-27", None, "哪一期"),
        ("2026-03-27", "2026Q1", "2026-01-25、2026-02-25、2026-03-25"),
        ("2026-02-30", "2026-02", "2月"),
        ("2026-03-27", "三月", "三月"),
    ],
)
def test_a_date_that_cannot_be_placed_is_refused(value: str, period: str | None, said: str) -> None:
    with pytest.raises(kpilib.InputError) as caught:
        compile_rule(f"每月25号前提交报表，{LATE}", full_marks=10).score(value, period=period)
    assert caught.value.code == "KPI808"
    assert said in str(caught.value)


def test_a_period_may_be_given_ready_made() -> None:
    rule = compile_rule(f"每月25号前提交报表，{LATE}", full_marks=10)
    assert rule.score("2026-03-27", period=Period.parse("2026-03")) == Decimal(8)


def test_a_deadline_that_scores_nothing_is_told() -> None:
    rule = compile_rule("每月25日前提交报表，未按时提交一次扣2分", full_marks=10)
    assert any(note.code == "KPI904" and note.level == "需确认" and "期限" in note.message for note in rule.notes)


@pytest.mark.parametrize("text", ["每月32日前", "每月0日前", "每年13月1日前", "第二个星期八"])
def test_a_day_that_does_not_exist_is_no_deadline(text: str) -> None:
    assert read_deadline(text)[0] is None
