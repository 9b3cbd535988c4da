"""A rule keeps what it has worked out; what it keeps for one question never answers another."""

import copy
import pickle

import pytest

import kpilib


def test_a_unit_is_never_the_name_of_something_kept() -> None:
    rule = kpilib.compile_rule("考核目标值为90%；每低1%，减2分", full_marks=20)
    assert rule.text
    assert rule.curve
    for unit in ("text", "curve", "lowered"):
        with pytest.raises(kpilib.InputError):
            rule.score(85, unit=unit)


def test_a_target_range_is_not_the_target_of_its_lower_end() -> None:
    rule = kpilib.compile_rule("每高1%扣2分，每低1%扣2分", full_marks=20)
    assert rule.score("97%", target="95%") == 16
    assert rule.score("97%", target="95%-105%") == 20
    assert rule.score("107%", target="95%-105%") == 16


def test_a_copy_starts_without_what_was_kept() -> None:
    rule = kpilib.compile_rule("迟到一次扣2分", full_marks=20)
    assert rule.score(3) == 14
    for other in (copy.deepcopy(rule), pickle.loads(pickle.dumps(rule))):
        assert other == rule
        assert other.score(3) == 14


@pytest.mark.parametrize("words", ["不足半天不计", "不足半天按一天计", "不足0.5天不计", "不足1天按0.5天计"])
def test_what_an_unfinished_step_counts_repeats_the_step(words: str) -> None:
    with pytest.raises(kpilib.RuleSyntaxError, match="KPI118"):
        kpilib.compile_rule(f"每延误1天扣2分，{words}", full_marks=20)


@pytest.mark.parametrize("words", ["不足一天不计", "不足1天不计", "不足24小时不计", "不足一档不计"])
def test_the_size_of_a_step_may_be_written_otherwise(words: str) -> None:
    assert kpilib.compile_rule(f"每延误1天扣2分，{words}", full_marks=20).score("2.5天") == 16
