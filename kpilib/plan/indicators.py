"""From an indicator as written to one that scores: its marks, its target and unit, its rule."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Any

from attrs import evolve, frozen

from kpilib.compiler import check, compile_rule
from kpilib.errors import AmbiguousRuleError, Diagnostic, KpiError
from kpilib.inputs import read_target
from kpilib.plan.findings import Findings
from kpilib.plan.parts import TEXT_LINES, Indicator
from kpilib.plan.settings import Settings, read_settings
from kpilib.plan.targets import WrongTarget, in_unit, rule_with, takes_unit
from kpilib.quantity import parse_quantity, unit_named
from kpilib.rule import Rule
from kpilib.syntax.plan_text import MAX_FINDINGS
from kpilib.syntax.plan_tree import IndicatorNode, Line, Words
from kpilib.syntax.reader import GLUED, read_rule
from kpilib.syntax.tree import FullMarks
from kpilib.text import Span, normalise

HUNDRED = Fraction(100)
# A formula that says how many points there are is a rule; one that says what the indicator is, is not.
_SCORING = re.compile(r"得分 *=|每[^,;。]{1,12}?[扣加减]|[扣加减得] *[0-9.]+ *分")


def read_marks(text: str) -> Fraction | None:
    """The number of 20分 or 20; None for anything else."""
    match = re.fullmatch(r"([0-9]{1,10}(?:\.[0-9]{1,10})?) *分?", normalise(text).strip())
    return None if match is None else Fraction(match[1])


@frozen
class IndicatorReader:
    """Reads indicators; what is wrong with them goes to `findings`."""

    findings: Findings

    def settings(self, lines: list[Line], *, base: Settings | None = None) -> Settings:
        """The 口径 of some lines, on top of `base` for an indicator's own."""
        settings = base or Settings()
        for line in lines:
            if self.full:
                break
            settings, found = read_settings(line.value.text, rule_only=base is not None, base=settings)
            self.findings.take(found, line.value.span)
        return settings

    @property
    def full(self) -> bool:
        """Whether there are so many findings that nobody reads more."""
        return len(self.findings.found) >= MAX_FINDINGS

    def read(self, node: IndicatorNode, settings: Settings) -> Indicator | None:
        """An indicator with its rule, or None where something of it is wrong."""
        heading, lines = node.heading, {line.key.name: line for line in node.lines}
        own_lines = [line for line in node.lines if line.key.name == "reading"]
        reading = self.settings(own_lines, base=settings).reading
        stated = read_marks(lines["full_marks"].value.text) if "full_marks" in lines else None
        weight = heading.marks.number if heading.marks is not None else None
        sound = not heading.doubtful
        if min(1 if weight is None else weight, 1 if stated is None else stated) <= 0:
            span = heading.marks.span if heading.marks is not None else heading.name.span
            self.findings.report("KPI701", "权重和满分必须大于 0", span, example="（一）完成率（20%）")
            sound = False
        hundred = settings.scale == "hundred" and weight is not None and stated is None
        asked = HUNDRED if hundred else stated if stated is not None else weight
        target = lines["target"].value if "target" in lines else None
        unit = lines["unit"].value if "unit" in lines else None
        sound &= all([self.is_target(target), self.is_unit(unit)])
        if "formula" in lines:
            self.formula(lines["formula"].value)
        if node.rule is None:
            hint = "在指标下面另起一行写规则"
            self.findings.report("KPI106", f"「{heading.name.text}」没有计分的规定", heading.name.span, hint=hint)
            return None
        if self.full:
            return None
        if not sound:  # What its rule is to be read with is not known: only what is wrong with its words.
            self.words(node.rule, heading.name.text)
            return None
        options = {"full_marks": asked, "reading": reading, "indicator": heading.name.text}
        rule = self.rule(node.rule, options, target, unit)
        if rule is None:
            return None
        own = weight if weight is not None else _full_marks(rule)
        scale = own / asked if own is not None and asked is not None else Fraction(1)
        texts = {name: lines[name].value.text if name in lines else "" for name in TEXT_LINES}
        return Indicator(
            name=heading.name.text,
            full_marks=own,
            weight_unit="" if heading.marks is None else heading.marks.unit,
            rule=rule,
            scale=scale,
            rule_marks=stated,
            marks_asked=asked is not None,
            target=_plain(target),
            unit=_plain(unit),
            own_reading="；".join(line.value.text for line in own_lines),
            reading=reading,
            remarks=tuple(remark.text for remark in node.remarks if remark.text),
            rule_text=node.rule.text,
            span=heading.name.span,
            **texts,
        )

    # ---- the rule ----------------------------------------------------------------------------------------------------

    def rule(self, words: Words, options: dict[str, Any], target: Words | None, unit: Words | None) -> Rule | None:
        """The rule of an indicator with its target; findings get their places in the file."""
        if self.is_glued(words):
            return None

        def compiled(target: Any) -> Rule:
            return compile_rule(words.text, **options, target=target)

        try:
            rule = rule_with(_plain(target) or None, _plain(unit), compiled)
        except WrongTarget as error:
            self.findings.take(error.diagnostics, _place(target))
            return None
        except KpiError as error:
            options["target"] = in_unit(_plain(target) or None, _plain(unit))
            self.findings.take(_errors(error, words.text, options), words.span)
            return None
        if unit is not None and not takes_unit(rule, _plain(unit)):
            wanted = rule.inputs[0].unit
            self.findings.report(
                "KPI401", f"单位「{unit.text}」和规则的单位「{wanted or '无'}」对不上", unit.span,
                hint=f"改成 单位：{wanted}" if wanted else "删去这一行", example="",
            )  # fmt: skip
            return None
        self.findings.take(rule.notes, words.span)
        return rule

    def formula(self, words: Words) -> None:
        """Ask about a 计算公式 that looks like a rule, as it takes no part in scoring."""
        if _SCORING.search(normalise(words.text)):
            self.findings.report(
                "KPI701", "「计算公式：」后面像是计分的规定，没有参与计分", words.span, level="需确认",
                hint="要计分就写在「评分标准：」后面；只是说明指标怎么算的，删去得分、扣分的话",
            )  # fmt: skip

    def words(self, words: Words, name: str) -> None:
        """What is wrong with the words of a rule, whatever its marks and its target are."""
        if self.is_glued(words):
            return
        try:
            read_rule(words.text, indicator=name)
        except KpiError as error:
            self.findings.take(error.diagnostics, words.span)

    def is_glued(self, words: Words) -> bool:
        """Whether a number stands right behind an item's point; the items of an indicator are numbered, so 1.5 may be either."""
        glued = GLUED.search(words.text)
        if glued is None:
            return False
        start = words.span.start + glued.start()
        self.findings.report(
            "KPI111",
            f"「{glued[0].strip()}」是序号加数字，还是小数？",
            Span(start, start + len(glued[0])),
            hint="在序号后面空一格，或去掉序号",
            example="1. 90%以上得10分",
        )
        return True

    # ---- target and unit ---------------------------------------------------------------------------------------------

    def is_target(self, words: Words | None) -> bool:
        """Whether a 目标值 is one number with its unit, or with a bound word before it (不低于90%)."""
        if words is None:
            return True
        try:
            parse_quantity(words.text)
        except KpiError as error:
            if _is_bounded(words.text):
                return True
            message = f"目标值：{error.message}"
            self.findings.report("KPI701", message, words.span, hint=error.hint, example="目标值：90%")
            return False
        return True

    def is_unit(self, words: Words | None) -> bool:
        """Whether a 单位 is known."""
        try:
            if words is not None:
                unit_named(_plain(words))
        except KpiError as error:
            self.findings.report("KPI701", error.message, _place(words), hint=error.hint, example="单位：%")
            return False
        return True


def _errors(error: KpiError, text: str, options: dict[str, Any]) -> tuple[Diagnostic, ...]:
    """Every error of a rule, the readings of an ambiguous one in its hint."""
    errors = tuple(finding for finding in check(text, **options) if finding.level == "error")
    found = errors or error.diagnostics
    if isinstance(error, AmbiguousRuleError) and error.readings:
        readings = "；".join(f"读法{number}：{reading}" for number, reading in enumerate(error.readings, 1))
        found = (evolve(found[0], hint=f"{found[0].hint} {readings}".strip()), *found[1:])
    return found


def _is_bounded(text: str) -> bool:
    try:
        return read_target(text) is not None
    except KpiError:
        return False


def _plain(words: Words | None) -> str:
    return "" if words is None else normalise(words.text)


def _place(words: Words | None) -> Span:
    return Span(0, 0) if words is None else words.span


def _full_marks(rule: Rule) -> Fraction | None:
    """The full marks of a rule: those it was compiled with, or those that its text states (满分10分)."""
    said = (clause.marks.value for clause in rule.tree.clauses if isinstance(clause, FullMarks))
    return rule.full_marks if rule.full_marks is not None else next(said, None)
