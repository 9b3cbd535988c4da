"""What a caller may pass wrongly: every slip is a KpiError that says what was wanted, and prints anywhere."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

import kpilib
from kpilib import Reading, compile_rule

STEP = "每低1%扣2分"


@pytest.mark.parametrize(
    ("call", "code", "said"),
    [
        (lambda: compile_rule(STEP, target="90%", reading="floor"), "KPI801", "Reading"),  # type: ignore[arg-type]
        (lambda: compile_rule(STEP, target="90%", inputs="完成率"), "KPI801", "Mapping"),  # type: ignore[arg-type]
        (lambda: compile_rule(STEP, target="90%", indicator=3), "KPI801", "str"),  # type: ignore[arg-type]
        (lambda: compile_rule(None), "KPI801", "str"),  # type: ignore[arg-type]
        (lambda: compile_rule(STEP, target="90%", inputs={"回款率": "rate"}), "KPI804", "x"),
        (lambda: compile_rule(STEP, target="90%", inputs={"回款率": "x"}), "KPI804", "x"),
        (lambda: Reading(step="foo"), "KPI706", "linear、floor、ceil"),  # type: ignore[arg-type]
        (lambda: Reading(places=-1), "KPI706", "places"),
        (lambda: Reading(places=True), "KPI706", "places"),
        (lambda: compile_rule("每低__%扣2分", target="90%").fill("1%"), "KPI801", "字典"),  # type: ignore[arg-type]
    ],
    ids=[
        "reading",
        "inputs",
        "indicator",
        "text",
        "no such input",
        "renamed to one that is there",
        "option",
        "places",
        "bool",
        "fill",
    ],
)
def test_a_wrong_argument_is_named(call: Callable[[], Any], code: str, said: str) -> None:
    with pytest.raises(kpilib.KpiError) as caught:
        call()
    assert caught.value.code == code
    assert said in str(caught.value)


@pytest.mark.parametrize("value", ["\ud800", "9\x00", "3\x1b[2J"])
def test_an_error_prints_whatever_was_given(value: str) -> None:
    with pytest.raises(kpilib.InputError) as caught:
        compile_rule(STEP, target="90%").score(value)
    str(caught.value).encode("utf-8")
    assert all(char.isprintable() or char in "\n\u3000" for char in str(caught.value))


def test_an_error_is_short_whatever_was_given() -> None:
    for text in ("每低1亿" + "亿" * 3000 + "元扣2分", "每低" + "9" * 3000 + "%扣2分", "工具" * 2000 + "每低1%扣2分"):
        with pytest.raises(kpilib.KpiError) as caught:
            compile_rule(text, target="90%")
        assert len(caught.value.message) < 100
        assert caught.value.span is not None


def test_a_blank_target_takes_the_unit_of_its_steps_or_brings_its_own() -> None:
    rule = compile_rule("目标值为__；每低1%扣2分", full_marks=20)
    assert [(hole.name, hole.unit) for hole in rule.holes] == [("目标值", "%")]
    assert rule.fill({"目标值": "90%"}).score("88%") == Decimal(16)
    assert rule.fill({"目标值": 90}).score("88%") == Decimal(16)
    assert rule.fill({"目标值": "500万元"}).score("490万元") == Decimal(16)


def test_a_bare_amount_is_asked_about_in_both_units() -> None:
    with pytest.raises(kpilib.InputError, match="850000元") as caught:
        compile_rule("目标值为100万元，每低10万元扣2分", full_marks=20).score(850000)
    assert "850000万元" in caught.value.hint


@pytest.mark.parametrize(
    ("text", "options"),
    [
        ("交货延误3天扣2分", {"full_marks": 10}),
        ("出勤率下降20%扣5分", {"full_marks": 20, "target": "95%"}),
        ("审核报告满10件加1分", {"full_marks": 20}),
    ],
)
def test_the_readings_of_once_or_each_are_sentences_that_work(text: str, options: dict[str, Any]) -> None:
    with pytest.raises(kpilib.AmbiguousRuleError) as caught:
        compile_rule(text, **options)
    assert caught.value.code == "KPI201"
    each, once = caught.value.readings
    assert each.points != once.points
    for reading in (each, once):
        compile_rule(reading.text, **options)


def test_a_rule_shows_its_sentence() -> None:
    rule = compile_rule("每低1%，减2分", full_marks=20, target="90%")
    assert str(rule) == rule.text
    assert repr(rule) == f"Rule({rule.text!r}, full_marks=20)"


def test_a_period_is_no_part_of_a_name() -> None:
    assert "天迟到" not in compile_rule("每天迟到1次扣1分").text.replace("每天", "")


def test_where_an_occurrence_beyond_a_bound_counts_from_is_asked() -> None:
    rule = compile_rule("迟到3次以内不扣分，超过3次每次扣1分", full_marks=10)
    assert [note.level for note in rule.notes if note.code == "KPI907"] == ["需确认"]
    assert [rule.score(count) for count in (3, 4, 5)] == [10, 9, 8]
    assert not any(
        note.code == "KPI907" for note in compile_rule("迟到3次以内不扣分，每超过1次扣1分", full_marks=10).notes
    )
