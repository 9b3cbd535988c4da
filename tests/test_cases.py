"""The tables of tests/cases/: each sentence scores as written, is refused as written, or is a template."""

from __future__ import annotations

import json
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from naive import naive_score
from trees import read

import kpilib
from kpilib.quantity import UNITS

FOLDER = Path(__file__).parent / "cases"
EXPECTED = {"score", "judgement", "refuse", "template"}
FIELDS = {"id", "text", "full_marks", "target", "reading", "inputs", "expect", "probes", "why"}

# What the message of a kind that is not modelled must name, where its code is not KPI601.
KINDS = {
    "rank": ("排名", "名次", "名"),
    "deadline": ("期限", "日期", "时间"),
    "checklist": ("清单", "逐项", "列"),
    "discretion": ("酌情", "酌定", "视"),
    "money": ("元", "钱", "提成", "奖金"),
    "raters": ("评分人", "权重"),
    "forced_distribution": ("分布", "占比"),
    "veto": ("否决",),
}
REFUSALS = {
    "unit_mismatch": (kpilib.UnitError, kpilib.RuleSyntaxError, kpilib.UnsupportedError),
    "ambiguous": (kpilib.AmbiguousRuleError,),
    "ambiguous_once_or_per": (kpilib.AmbiguousRuleError,),
}


def _rows() -> list[dict[str, Any]]:
    """Every row; a line that cannot be read is a row that fails."""
    rows = []
    for path in sorted(FOLDER.glob("*.jsonl")):
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                assert isinstance(row, dict)
            except (ValueError, AssertionError):
                row = {"id": f"{path.stem}:{number}", "expect": "unreadable", "line": line}
            rows.append(row)
    return rows


ROWS = _rows()


def _of(*kinds: str) -> list[Any]:
    return [pytest.param(row, id=str(row.get("id"))) for row in ROWS if row.get("expect") in kinds]


def _compiled(row: dict[str, Any]) -> kpilib.Rule:
    reading = kpilib.Reading(**row["reading"])
    return kpilib.compile_rule(row["text"], full_marks=row["full_marks"], target=row["target"], reading=reading)


def test_the_tables_are_there() -> None:
    assert len(ROWS) > 250
    assert len({row.get("id") for row in ROWS}) == len(ROWS), "an id is used twice"


@pytest.mark.parametrize("row", [pytest.param(row, id=str(row.get("id"))) for row in ROWS])
def test_row_can_be_read(row: dict[str, Any]) -> None:
    assert row["expect"] in EXPECTED, row
    assert row.keys() >= FIELDS
    if row["expect"] in ("score", "judgement"):
        assert row["probes"], "a row that checks nothing"
        for value, points in row["probes"]:
            assert isinstance(value, dict | str)
            Decimal(points)


@pytest.mark.parametrize("row", _of("score", "judgement"))
def test_row_scores_as_written(row: dict[str, Any]) -> None:
    rule = _compiled(row)
    assert not rule.holes
    wrong = []
    for value, points in row["probes"]:
        try:
            got: object = rule.score(value)
        except kpilib.KpiError as error:
            got = error
        if got != Decimal(points):
            wrong.append(f"{value}: {got}, not {points}")
    assert not wrong, f"{row['text']}\n{rule.text}\n" + "\n".join(wrong)


@pytest.mark.parametrize("row", _of("score", "judgement"))
def test_the_canonical_sentence_means_the_same(row: dict[str, Any]) -> None:
    rule = _compiled(row)
    assert _compiled({**row, "text": rule.text}).expression == rule.expression, rule.text


@pytest.mark.parametrize("row", _of("score", "judgement"))
def test_row_names_its_inputs(row: dict[str, Any]) -> None:
    names = [one.name for one in _compiled(row).inputs]
    if isinstance(row["probes"][0][0], dict):
        assert set(row["probes"][0][0]) == set(names) == set(row["inputs"])
    else:
        assert len([one for one in _compiled(row).inputs if not one.domain.optional]) == 1


@pytest.mark.parametrize("row", _of("score", "judgement"))
def test_naive_evaluator_gives_the_same_points(row: dict[str, Any]) -> None:
    tree = read(row["text"], row["target"])
    wrong, seen = [], 0
    for value, points in row["probes"]:
        given = value if isinstance(value, dict) else {"x": value}
        got = naive_score(
            tree, full_marks=row["full_marks"], target=row["target"], reading=row["reading"], inputs=given
        )
        seen += 1
        if got != Fraction(points):
            wrong.append(f"{value}: {got}, not {points}")
    assert not wrong, f"{row['text']}\n" + "\n".join(wrong)
    assert seen == len(row["probes"])


# --- refusals ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("row", _of("refuse"))
def test_row_is_refused(row: dict[str, Any]) -> None:
    with pytest.raises(kpilib.KpiError) as caught:
        _compiled(row)
    error = caught.value
    assert isinstance(error, REFUSALS.get(row["reason"], kpilib.KpiError)), f"{type(error).__name__}: {error}"
    if row.get("code") is None or row["reason"] not in KINDS:
        return
    if error.code == row["code"]:
        assert isinstance(error, kpilib.UnsupportedError)
    else:
        assert any(word in str(error) for word in KINDS[row["reason"]]), str(error)


@pytest.mark.parametrize("row", _of("refuse"))
def test_refusal_shows_its_code_and_the_place(row: dict[str, Any]) -> None:
    with pytest.raises(kpilib.KpiError) as caught:
        _compiled(row)
    error, shown = caught.value, str(caught.value)
    assert error.code in shown
    assert error.message in shown
    assert error.example, "no example that works"
    if error.code == "KPI203":
        assert isinstance(error, kpilib.AmbiguousRuleError)
        assert len({reading.text for reading in error.readings}) > 1, "the readings are not shown"
        assert len({reading.at for reading in error.readings}) == 1
        assert len({reading.points for reading in error.readings}) > 1, "the readings do not differ there"
    if error.span is not None:
        lines = shown.split("\n")
        assert any("^" in line and not line.strip("^ 　\t") for line in lines), f"no caret line:\n{shown}"


@pytest.mark.parametrize("row", _of("refuse"))
def test_check_finds_the_place_of_a_refusal(row: dict[str, Any]) -> None:
    found = kpilib.check(
        row["text"],
        full_marks=row["full_marks"],
        target=row["target"],
        reading=kpilib.Reading(**row["reading"]),
    )
    assert found
    assert found[0].level == "error"
    spans = [diagnostic.span for diagnostic in found if diagnostic.span is not None]
    assert spans, f"no place: {[str(one) for one in found]}"
    for span in spans:
        assert 0 <= span.start <= span.end <= len(row["text"]), span


# --- templates ---------------------------------------------------------------------------------------


def _value(name: str, seen: dict[str, int], rising: bool) -> str:
    """A number for a hole: bounds move away from the first, in the direction of the template's rungs."""
    if name.startswith("界限"):
        seen["界限"] = seen.get("界限", 0) + 1
        number = seen["界限"] - 1
        return str(5 if rising else 90 - 10 * number)
    return {"目标值": "90", "每": "1", "扣分": "2", "加分": "2", "得分": "5", "满分": "20", "上限": "6"}[
        next(key for key in ("目标值", "每", "扣分", "加分", "得分", "满分", "上限") if name.startswith(key))
    ]


@pytest.mark.parametrize("row", _of("template"))
def test_template_has_holes_and_does_not_score(row: dict[str, Any]) -> None:
    rule = _compiled(row)
    assert rule.holes
    assert rule.inputs == ()
    assert len({hole.name for hole in rule.holes}) == len(rule.holes)
    with pytest.raises(kpilib.TemplateError) as caught:
        rule.score("90%")
    assert caught.value.holes == rule.holes
    with pytest.raises(kpilib.TemplateError):
        rule.explain("90%")


@pytest.mark.parametrize("row", _of("template"))
def test_template_says_what_is_blank(row: dict[str, Any]) -> None:
    found = kpilib.check(row["text"], full_marks=row["full_marks"], target=row["target"])
    assert found
    assert {diagnostic.code for diagnostic in found} == {"KPI301"}
    for diagnostic in found:
        assert diagnostic.span is not None
        assert 0 <= diagnostic.span.start <= diagnostic.span.end <= len(row["text"])


@pytest.mark.parametrize("row", _of("template"))
def test_filled_template_scores(row: dict[str, Any]) -> None:
    rule = _compiled(row)
    seen: dict[str, int] = {}
    rising = "不超过" in row["text"]
    values = {hole.name: _value(hole.name, seen, rising) for hole in rule.holes}
    filled = rule.fill(values)
    assert filled.holes == ()
    (only,) = filled.inputs
    points = filled.score(f"{1 if UNITS[only.unit].is_count else 50}{only.unit}")
    assert points.is_finite()
    assert kpilib.compile_rule(filled.text, full_marks=row["full_marks"], target=row["target"]).tree == filled.tree


@pytest.mark.parametrize("row", [case for case in _of("template") if len(_compiled(case.values[0]).holes) > 1])
def test_half_filled_template_is_still_one(row: dict[str, Any]) -> None:
    rule = _compiled(row)
    seen: dict[str, int] = {}
    name = rule.holes[-1].name
    half = rule.fill({name: _value(name, seen, True)})
    assert len(half.holes) == len(rule.holes) - 1
    with pytest.raises(kpilib.TemplateError):
        half.score("90%")
    with pytest.raises(kpilib.InputError):
        rule.fill({"没有这个空": "1"})
