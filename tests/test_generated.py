"""Generated trees: printing and reading are inverse, the score is that of tests/naive.py, the curve is the score."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from pathlib import Path

import naive
import pytest
from hypothesis import HealthCheck, given, settings
from naive import naive_score
from trees import FAMILIES, Case, Drawn, Seeded, Source, case_from, cases, inputs_of, punched, read

import kpilib
from kpilib.meaning.curve import Curve
from kpilib.meaning.expr import Absent
from kpilib.quantity import Quantity, decimal_text
from kpilib.syntax.print import print_rule

CASES = Path(__file__).parent / "cases"
PAIRS = 100_000 if os.environ.get("KPILIB_FULL") == "1" else 10_000
CHUNKS = 10
INPUTS_PER_RULE = 8
SHOWN = 12

modest = settings(max_examples=60, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))


# --- what is compared --------------------------------------------------------------------------------


def described(case: Case) -> str:
    return f"[{case.family}] {print_rule(case.tree)} full_marks={case.full_marks} target={case.target} {case.options}"


def compiled(case: Case) -> kpilib.Rule:
    return kpilib.compile_rule(
        print_rule(case.tree),
        full_marks=case.full_marks,
        target=case.target,
        reading=kpilib.Reading(**case.options),  # type: ignore[arg-type]
    )


def expected(case: Case, given_input: dict[str, str]) -> Fraction | None:
    return naive_score(
        case.tree, full_marks=case.full_marks, target=case.target, reading=case.options, inputs=given_input
    )


def scored(rule: kpilib.Rule, given_input: dict[str, str]) -> Fraction | None:
    """The product's points; None where the rule leaves the case open, which must be an UncoveredError."""
    try:
        return Fraction(rule.score(given_input.get("", given_input)))
    except kpilib.UncoveredError:
        return None


def disagreements(case: Case, source: Source, count: int | None = None) -> tuple[int, list[str]]:
    """How many inputs were compared, and those whose points differ."""
    try:
        rule = compiled(case)
    except kpilib.KpiError as error:
        return 1, [f"{described(case)}\n    refused: {error}"]
    rows = inputs_of(case, source, count)
    wrong = []
    for row in rows:
        want, got = expected(case, row), scored(rule, row)
        if want != got:
            wrong.append(f"{described(case)}\n    {row}: score() {_shown(got)}, naive {_shown(want)}")
    return len(rows), wrong


def _shown(points: Fraction | None) -> str:
    return "uncovered" if points is None else decimal_text(points)


def round_trip(case: Case) -> str | None:
    """What is wrong with print → read → print, or None."""
    text = print_rule(case.tree)
    try:
        again = read(text, case.target)
    except kpilib.KpiError as error:
        return f"{described(case)}\n    cannot be read: {error}"
    if again.clauses != case.tree.clauses:
        pairs = zip(case.tree.clauses, again.clauses, strict=False)
        first = next((pair for pair in pairs if pair[0] != pair[1]), (len(case.tree.clauses), len(again.clauses)))
        return f"{described(case)}\n    {first[0]}\n    {first[1]}"
    return None if print_rule(again) == text else f"{described(case)}\n    prints as {print_rule(again)}"


def curve_faults(case: Case) -> list[str]:
    """What is wrong with the rule's curve: pieces that leave a hole or overlap, values that are not the score."""
    rule = compiled(case)
    if len(case.inputs) > 1 or case.labels or rule.needs_target:
        return []
    curve = rule.curve
    faults = [f"{described(case)}\n    {fault}" for fault in tiling_faults(curve)]
    unit = curve.variable.unit
    places = list(curve.boundaries())
    places += [(low + high) / 2 for low, high in pairwise(places)]
    places += list(case.marks[0]) + [mark + unit.size / 100 for mark in case.marks[0]]
    for x in places:
        if curve.whole and (x.denominator != 1 or x < 0):
            continue
        if curve.variable.domain.minimum is not None and x < curve.variable.domain.minimum:
            continue
        found = curve.at(x)
        on_curve = None if isinstance(found, Absent) else found
        try:
            by_score: Fraction | None = Fraction(rule.score(Quantity(x / unit.size, unit)))
        except kpilib.UncoveredError:
            by_score = None
        if on_curve != by_score:
            faults.append(f"{described(case)}\n    at {x}: curve {on_curve}, score {by_score}")
    return faults


def tiling_faults(curve: Curve) -> list[str]:
    """Where neighbouring pieces do not meet, or the ends are not those of the domain."""
    faults = []
    for one, two in pairwise(curve.pieces):
        if one.upper is None or two.lower is None:
            faults.append(f"a piece after the end: {one} {two}")
        elif curve.whole:
            if not (one.upper_closed and two.lower_closed and two.lower == one.upper + 1):
                faults.append(f"whole numbers between {one} and {two}")
        elif not (one.upper == two.lower and one.upper_closed is not two.lower_closed):
            faults.append(f"{one} and {two} do not meet once")
    first, last = curve.pieces[0], curve.pieces[-1]
    minimum, maximum = curve.variable.domain.minimum, curve.variable.domain.maximum
    if curve.whole and minimum is None:
        minimum = Fraction(0)
    if first.lower != minimum or (minimum is not None and not first.lower_closed):
        faults.append(f"begins at {first.lower}, not {minimum}")
    if last.upper != maximum or (maximum is not None and not last.upper_closed):
        faults.append(f"ends at {last.upper}, not {maximum}")
    return faults


def report(wrong: list[str], of: int, what: str) -> str:
    return f"{len(wrong)} of {of} {what}:\n" + "\n".join(wrong[:SHOWN])


def sentences() -> list[dict[str, object]]:
    rows = []
    for path in sorted(CASES.glob("*.jsonl")):
        rows += [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    return rows


# --- (a) print and read ------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", range(4))
def test_printed_tree_reads_back_and_prints_the_same(chunk: int) -> None:
    count = PAIRS // 40
    found = [round_trip(case_from(Seeded(f"print-{chunk}-{number}"))) for number in range(count)]
    wrong = [fault for fault in found if fault is not None]
    assert not wrong, report(wrong, count, "trees")


def test_template_trees_read_back() -> None:
    wrong = []
    for number in range(PAIRS // 40):
        source = Seeded(f"hole-{number}")
        case = punched(source, case_from(source))
        fault = round_trip(case)
        if fault is not None:
            wrong.append(fault)
    assert not wrong, report(wrong, PAIRS // 40, "templates")


def test_template_trees_have_holes_and_refuse_to_score() -> None:
    seen = 0
    for number in range(200):
        source = Seeded(f"hole-{number}")
        case = case_from(source)
        blank = punched(source, case)
        if blank.tree == case.tree:
            continue
        rule = compiled(blank)
        assert rule.holes, described(blank)
        with pytest.raises(kpilib.TemplateError):
            rule.score("1")
        seen += 1
    assert seen > 100


@pytest.mark.parametrize("row", sentences(), ids=lambda row: row["id"])
def test_sentence_of_the_tables_reads_back(row: dict[str, str]) -> None:
    try:
        tree = read(row["text"], row["target"])
    except kpilib.KpiError:
        assert row["expect"] == "refuse", "a sentence that must be read"
        return
    text = print_rule(tree)
    again = read(text, row["target"])
    assert again.clauses == tree.clauses, text
    assert print_rule(again) == text


# --- (b) the score -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_score_is_that_of_the_naive_evaluator(chunk: int) -> None:
    pairs, number, wrong = 0, 0, []
    while pairs < PAIRS // CHUNKS:
        source = Seeded(f"score-{chunk}-{number}")
        compared, found = disagreements(case_from(source), source, INPUTS_PER_RULE)
        pairs, number, wrong = pairs + compared, number + 1, wrong + found
    assert not wrong, report(wrong, pairs, "pairs")


def test_every_family_is_generated_and_covered() -> None:
    seen = {case_from(Seeded(f"family-{number}")).family for number in range(300)}
    assert seen == {family.__name__ for family in FAMILIES}


# --- (c) the curve -----------------------------------------------------------------------------------


@pytest.mark.parametrize("chunk", range(4))
def test_curve_covers_its_domain_once_and_is_the_score(chunk: int) -> None:
    count, wrong = PAIRS // 60, []
    for number in range(count):
        case = case_from(Seeded(f"curve-{chunk}-{number}"))
        try:
            wrong += curve_faults(case)
        except kpilib.KpiError as error:
            wrong.append(f"{described(case)}\n    refused: {error}")
    assert not wrong, report(wrong, count, "rules")


# --- (d) the same by Hypothesis ----------------------------------------------------------------------


@modest
@given(cases())
def test_printed_tree_reads_back(case: Case) -> None:
    assert round_trip(case) is None


@modest
@given(cases().flatmap(lambda case: _with_input(case)))
def test_score_agrees(pair: tuple[Case, dict[str, str]]) -> None:
    case, row = pair
    assert scored(compiled(case), row) == expected(case, row), f"{described(case)} {row}"


@modest
@given(cases())
def test_curve_is_the_score(case: Case) -> None:
    assert curve_faults(case) == []


def _with_input(case: Case):  # type: ignore[no-untyped-def]
    from hypothesis import strategies as st

    @st.composite
    def row(draw: st.DrawFn) -> tuple[Case, dict[str, str]]:
        return case, draw(st.sampled_from(inputs_of(case, Drawn(draw))))

    return row()


# --- (e) a planted error is noticed ------------------------------------------------------------------


def _strict_above(x: Fraction, operator: str, bound: Fraction) -> bool:
    return _true_holds(x, ">" if operator == ">=" else operator, bound)


def _loose_below(x: Fraction, operator: str, bound: Fraction) -> bool:
    return _true_holds(x, "<=" if operator == "<" else operator, bound)


def _one_grain_off(x: Fraction, operator: str, bound: Fraction) -> bool:
    return _true_holds(x + Fraction(1, 10**4), operator, bound)


def _one_step_more(distance: Fraction, width: Fraction, mode: str) -> Fraction:
    return _true_steps(distance, width, "ceil" if mode == "floor" else mode)


def _half_down(value: Fraction, places: int) -> Fraction:
    return _true_rounded(value - Fraction(1, 10 ** (places + 3)), places)


_true_holds, _true_steps, _true_rounded = naive.holds, naive.steps_in, naive.rounded


@pytest.mark.parametrize(
    ("part", "planted"),
    [
        ("holds", _strict_above),
        ("holds", _loose_below),
        ("holds", _one_grain_off),
        ("steps_in", _one_step_more),
        ("rounded", _half_down),
    ],
    ids=["以上 excludes", "低于 includes", "off by a grain", "floor is ceiling", "half down"],
)
def test_planted_error_is_noticed(monkeypatch: pytest.MonkeyPatch, part: str, planted: Callable[..., object]) -> None:
    def survey() -> set[str]:
        found: set[str] = set()
        for number in range(150):
            source = Seeded(f"planted-{number}")
            found.update(disagreements(case_from(source), source, INPUTS_PER_RULE)[1])
        return found

    honest = survey()
    monkeypatch.setattr(naive, part, planted)
    assert survey() - honest, "the comparison does not see this error"


# --- sentences on which the two readers disagreed ----------------------------------------------------


@pytest.mark.parametrize(
    ("text", "full_marks", "target", "reading", "value", "points", "why"),
    [
        ("走访企业数低于24家扣2分；低于10家扣9分", "20", None, {}, "0家", "11", "§2: 低于 holds at 0 too"),
        ("小于44小时扣4分；小于6.5小时扣11分", "12.5", None, {}, "0小时", "1.5", "§2: 小于 holds at 0 too"),
        ("走访企业数17家以下扣5分；12家以下扣10分", "20", None, {}, "0家", "10", "§2: 以下 holds at 0 too"),
        ("交付周期43天以下扣10分；31天以下扣11分", "50", None, {}, "0天", "39", "§2: 以下 holds at 0 too"),
        (
            "旷工每次扣3分；加班每次加2分；最高不超过5分，最低不低于-5分",
            "30",
            None,
            {},
            {"旷工": "6次", "加班": "5次"},
            "25",
            "§3 caps: the pair bounds the adjustment, 10 − 18 = −8 → −5",
        ),
        ("每低1%减0.5分；低于70%，该项考核记为10分", "30", "90%", {}, "60%", "10", "§3 zero: or the stated points"),
        (
            "每高1%加1分；每低1%减0.5分；低于70%，该项考核记为10分",
            "30",
            "90%",
            {},
            "60%",
            "10",
            "§3 zero: or the stated points",
        ),
        (
            "90%以上得60分；80%以上得48分；80%以下得0分",
            "30",
            None,
            {"ladder": "hundred"},
            "85%",
            "14.4",
            "Reading.ladder",
        ),
        (
            "迟到一次扣1分，最多扣3分；旷工一次扣4分，累计最多扣6分",
            "20",
            None,
            {},
            {"迟到": "3次", "旷工": "2次"},
            "14",
            "§3 caps: with 累计 their sum",
        ),
    ],
    ids=[
        "below-count",
        "below-time",
        "to-count",
        "below-days",
        "pair-of-bounds",
        "stated-points",
        "stated-points-two-sided",
        "hundred",
        "sum-cap",
    ],
)
def test_language_says_so(
    text: str, full_marks: str, target: str | None, reading: dict[str, str], value: object, points: str, why: str
) -> None:
    rule = kpilib.compile_rule(text, full_marks=full_marks, target=target, reading=kpilib.Reading(**reading))  # type: ignore[arg-type]
    assert Fraction(rule.score(value)) == Fraction(points), why
