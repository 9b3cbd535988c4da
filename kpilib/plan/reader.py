"""From the text of a plan file to a Plan, with every mistake of the file in one go."""

from __future__ import annotations

import datetime
import re
from fractions import Fraction
from typing import Any, Literal

from attrs import define, evolve, field

from kpilib.compiler import check, compile_rule
from kpilib.errors import CODES, AmbiguousRuleError, Diagnostic, InputError, KpiError, PlanError
from kpilib.inputs import read_target
from kpilib.plan.document import FORMAT, HUNDRED, Plan
from kpilib.plan.facts import fold
from kpilib.plan.grades import GradeTable, read_coefficients, read_grades
from kpilib.plan.parts import TEXT_LINES, Group, Indicator
from kpilib.plan.settings import Settings, read_settings
from kpilib.plan.weights import check_weights
from kpilib.quantity import parse_quantity, unit_named
from kpilib.rule import Rule
from kpilib.syntax.plan_text import MAX_FINDINGS, read_plan
from kpilib.syntax.plan_tree import GroupNode, IndicatorNode, Line, PlanNode, Words
from kpilib.syntax.reader import GLUED
from kpilib.syntax.tree import FullMarks
from kpilib.text import Span, normalise

_SIGNATURES = ("prepared", "prepared_on", "reviewed", "reviewed_on", "approved", "approved_on")
# A formula that says how many points there are is a rule; one that says what the indicator is, is not.
_SCORING = re.compile(r"得分 *=|每[^,;。]{1,12}?[扣加减]|[扣加减得] *[0-9.]+ *分")
_DATE = re.compile(r"([0-9]{4})[-/.年] *([0-9]{1,2})[-/.月] *([0-9]{1,2})日?\Z")


def parse_plan(text: str) -> Plan:
    """Read a plan.

    Raises:
        PlanError: the text has mistakes; `.diagnostics` has all of them, each with its place in the text.
    """
    plan, found = _read(text)
    errors = tuple(finding for finding in found if finding.level == "error")
    if errors or plan is None:
        raise PlanError(errors[0].message, code=errors[0].code, diagnostics=errors)
    return plan


def check_plan(text: str, *, final: bool = False) -> tuple[Diagnostic, ...]:
    """Everything that can be said of a plan's text, in the order of the text; empty where there is nothing.

    With `final`, a choice that the plan leaves open (需确认) is an error, as it is before a plan decides on money.
    """
    _, found = _read(text)
    if final:
        found = tuple(_must_settle(finding) if finding.level == "需确认" else finding for finding in found)
    return found


def _must_settle(finding: Diagnostic) -> Diagnostic:
    message = f"还没有确认：{finding.message}（{finding.code}）"
    return evolve(finding, code="KPI707", level="error", message=message, hint=finding.hint or "在 口径： 或规则里写明")


def _read(text: str) -> tuple[Plan | None, tuple[Diagnostic, ...]]:
    if not isinstance(text, str):
        raise InputError("方案要是一段文字", code="KPI801", hint="文件用 load_plan 读")
    node = read_plan(text)
    builder = _Builder(text, node)
    plan = builder.plan()
    found = sorted(builder.found, key=lambda finding: finding.span.start if finding.span is not None else 0)
    errors = [finding for finding in found if finding.level == "error"]
    if len(found) > MAX_FINDINGS:
        found = sorted(found, key=lambda finding: (finding.code != "KPI102", finding.level != "error"))[:MAX_FINDINGS]
    if errors or plan is None:
        return None, tuple(found)
    return evolve(plan, notes=tuple(found)), tuple(found)


@define
class _Builder:
    """Builds a plan out of a tree; what is wrong is collected, never raised."""

    source: str
    node: PlanNode
    found: list[Diagnostic] = field(factory=list)

    def plan(self) -> Plan | None:
        """The plan, as far as it can be read."""
        self.found += self.node.diagnostics
        if not self.node.title.text and not self.node.groups:
            return None
        head = {line.key.name: line for line in self.node.lines}
        settings = self.settings([line for line in self.node.lines if line.key.name == "reading"])
        table = self.grade_table()
        full_marks = _marks(head["full_marks"].value.text) if "full_marks" in head else HUNDRED
        if full_marks is None or full_marks <= 0:
            self.report("KPI701", "满分要写成大于 0 的分数", head["full_marks"].value.span, hint="例如 满分：120分")
            full_marks = HUNDRED
        if "format" in head and head["format"].value.text.strip() != FORMAT:
            self.report("KPI701", "不认识的格式", head["format"].value.span, hint=f"这个版本读 格式：{FORMAT}")
        groups = tuple(self.group(node, settings) for node in self.node.groups)
        if not groups:
            self.report(
                "KPI701", "方案里没有指标", self.node.title.span, hint="写 一、组名（权重） 和 （一）指标名（权重）"
            )
        self.names()
        if not any(finding.code == "KPI102" for finding in self.node.diagnostics):
            self.found += check_weights(self.source, self.node, groups, full_marks)
        effective = self.date(head["effective"].value) if "effective" in head else None
        signatures = tuple((name, head[name].value.text) for name in _SIGNATURES if name in head)
        return Plan(
            title=self.node.title.text,
            groups=groups,
            version=head["version"].value.text if "version" in head else "",
            effective=effective,
            settings=settings,
            table=table,
            full_marks=full_marks,
            signatures=signatures,
            remarks=tuple(remark.text for remark in self.node.remarks if remark.text),
            source=self.source,
        )

    # ---- head --------------------------------------------------------------------------------------------------------

    def settings(self, lines: list[Line], *, base: Settings | None = None) -> Settings:
        """The 口径 of some lines, on top of `base` for an indicator's own."""
        settings = base or Settings()
        for line in lines:
            if len(self.found) >= MAX_FINDINGS:
                break
            settings, found = read_settings(line.value.text, rule_only=base is not None, base=settings)
            self.take(found, line.value.span)
        return settings

    def grade_table(self) -> GradeTable:
        """Grades and coefficients; several lines of a kind are read as one."""
        words = _joined([line for line in self.node.lines if line.key.name == "grades"], self.source)
        table, found = read_grades(words.text)
        self.take(found, words.span)
        rates = _joined([line for line in self.node.lines if line.key.name == "coefficients"], self.source)
        coefficients, found = read_coefficients(rates.text, tuple(grade.name for grade in table.grades))
        self.take(found, rates.span)
        return evolve(table, coefficients=coefficients)

    def date(self, words: Words) -> datetime.date | None:
        """A date, 2026-01-01 or 2026年1月1日."""
        match = _DATE.match(normalise(words.text).strip())
        try:
            if match is not None:
                return datetime.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        self.report("KPI701", "看不懂这个日期", words.span, hint="写成 2026-01-01", example="生效日期：2026-01-01")
        return None

    # ---- groups and indicators ---------------------------------------------------------------------------------------

    def group(self, node: GroupNode, settings: Settings) -> Group:
        """A group with its indicators."""
        marks = node.heading.marks
        if marks is not None and marks.number <= 0:
            self.report("KPI701", "权重必须大于 0", marks.span, example="一、工作业绩（70%）")
        return Group(
            name=node.heading.name.text,
            full_marks=None if marks is None else marks.number,
            weight_unit="" if marks is None else marks.unit,
            indicators=tuple(
                item for member in node.indicators if (item := self.indicator(member, settings)) is not None
            ),
            remarks=tuple(remark.text for remark in node.remarks if remark.text),
            single=node.single,
        )

    def indicator(self, node: IndicatorNode, settings: Settings) -> Indicator | None:
        """An indicator with its rule, or None where the rule cannot be read."""
        heading, lines = node.heading, {line.key.name: line for line in node.lines}
        own_lines = [line for line in node.lines if line.key.name == "reading"]
        reading = self.settings(own_lines, base=settings).reading
        stated = _marks(lines["full_marks"].value.text) if "full_marks" in lines else None
        weight = heading.marks.number if heading.marks is not None else None
        if min(1 if weight is None else weight, 1 if stated is None else stated) <= 0:
            span = heading.marks.span if heading.marks is not None else heading.name.span
            self.report("KPI701", "权重和满分必须大于 0", span, example="（一）完成率（20%）")
            return None
        hundred = settings.scale == "hundred" and weight is not None and stated is None
        asked = HUNDRED if hundred else stated if stated is not None else weight
        target = lines["target"].value if "target" in lines else None
        unit = lines["unit"].value if "unit" in lines else None
        checked = [self.quantity(target), self.unit(unit)]
        if "formula" in lines:
            self.formula(lines["formula"].value)
        if node.rule is None:
            self.report(
                "KPI106", f"「{heading.name.text}」没有计分的规定", heading.name.span, hint="在指标下面另起一行写规则"
            )
            return None
        if not all(checked) or len(self.found) >= MAX_FINDINGS:
            return None
        options = {
            "full_marks": asked,
            "target": target.text if target is not None else None,
            "reading": reading,
            "indicator": heading.name.text,
        }
        rule = self.rule(node.rule, options)
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
            target=target.text if target is not None else "",
            unit=unit.text if unit is not None else "",
            own_reading="；".join(line.value.text for line in own_lines),
            reading=reading,
            remarks=tuple(remark.text for remark in node.remarks if remark.text),
            rule_text=node.rule.text,
            span=heading.name.span,
            **texts,
        )

    def rule(self, words: Words, options: dict[str, Any]) -> Rule | None:
        """The rule of an indicator; its findings get their places in the file."""
        glued = GLUED.search(words.text)
        if (
            glued is not None
        ):  # the items of an indicator are numbered, so a number there cannot stand right behind a point
            start = words.span.start + glued.start()
            self.report(
                "KPI111",
                f"「{glued[0].strip()}」是序号加数字，还是小数？",
                Span(start, start + len(glued[0])),
                hint="在序号后面空一格，或去掉序号",
                example="1. 90%以上得10分",
            )
            return None
        try:
            rule = compile_rule(words.text, **options)
        except KpiError as error:
            errors = [finding for finding in check(words.text, **options) if finding.level == "error"]
            found = tuple(errors) or error.diagnostics
            if isinstance(error, AmbiguousRuleError) and error.readings:
                readings = "；".join(f"读法{number}：{reading}" for number, reading in enumerate(error.readings, 1))
                found = (evolve(found[0], hint=f"{found[0].hint} {readings}".strip()), *found[1:])
            self.take(found, words.span)
            return None
        self.take(rule.notes, words.span)
        return rule

    def formula(self, words: Words) -> None:
        """Ask about a 计算公式 that looks like a rule, as it takes no part in scoring."""
        if _SCORING.search(normalise(words.text)):
            self.report(
                "KPI701",
                "「计算公式：」后面像是计分的规定，没有参与计分",
                words.span,
                level="需确认",
                hint="要计分就写在「评分标准：」后面；只是说明指标怎么算的，删去得分、扣分的话",
            )

    def quantity(self, words: Words | None) -> bool:
        """Whether a 目标值 is one number with its unit, or with a bound word before it (不低于90%)."""
        try:
            if words is not None:
                parse_quantity(words.text)
        except KpiError as error:
            if words is not None and _is_bounded(words.text):
                return True
            self.report(
                "KPI701",
                f"目标值：{error.message}",
                words.span if words is not None else Span(0, 0),
                hint=error.hint,
                example="目标值：90%",
            )
            return False
        return True

    def unit(self, words: Words | None) -> bool:
        """Whether a 单位 is known."""
        try:
            if words is not None:
                unit_named(words.text)
        except KpiError as error:
            self.report(
                "KPI701",
                error.message,
                words.span if words is not None else Span(0, 0),
                hint=error.hint,
                example="单位：%",
            )
            return False
        return True

    def names(self) -> None:
        """Names of groups, and of indicators over the whole plan, stand once."""
        seen_groups: set[str] = set()
        seen: set[str] = set()
        for group in self.node.groups:
            for heading, names in [(group.heading, seen_groups), *((item.heading, seen) for item in group.indicators)]:
                name = fold(heading.name.text)
                if name and name in names:
                    self.report(
                        "KPI704",
                        f"「{heading.name.text}」这个名称用了两次",
                        heading.name.span,
                        hint="改一个名称，事实表才分得清",
                    )
                names.add(name)

    # ---- findings ----------------------------------------------------------------------------------------------------

    def take(self, found: tuple[Diagnostic, ...], where: Span) -> None:
        """Add findings of a stretch of the text, moved to their places in the file."""
        for finding in found:
            span = finding.span if finding.span is not None else Span(0, where.end - where.start)
            start = min(where.start + span.start, where.end)
            end = min(where.start + span.end, where.end)
            self.found.append(evolve(finding, span=Span(start, max(start, end)), source=self.source))

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        hint: str = "",
        example: str | None = None,
        level: Literal["error", "需确认", "info"] = "error",
    ) -> None:
        """Add a finding of the plan's own."""
        example = (CODES[code][1] if not hint else "") if example is None else example
        self.found.append(
            Diagnostic(
                code=code, message=message, level=level, span=span, source=self.source, hint=hint, example=example
            )
        )


def _joined(lines: list[Line], source: str) -> Words:
    """The values of some lines as one stretch of text: what stands between them is blank, and a ； parts them."""
    if not lines:
        return Words("", Span(0, 0))
    start, end = lines[0].value.span.start, lines[-1].value.span.end
    text = [" "] * (end - start)
    for line in lines:
        span = line.value.span
        text[span.start - start : span.end - start] = source[span.start : span.end]
        if span.end < end:
            text[span.end - start] = ";"
    return Words("".join(text), Span(start, end))


def _full_marks(rule: Rule) -> Fraction | None:
    """The full marks of a rule: those it was compiled with, or those that its text states (满分10分)."""
    said = (clause.marks.value for clause in rule.tree.clauses if isinstance(clause, FullMarks))
    return rule.full_marks if rule.full_marks is not None else next(said, None)


def _is_bounded(text: str) -> bool:
    try:
        return read_target(text) is not None
    except KpiError:
        return False


def _marks(text: str) -> Fraction | None:
    match = re.fullmatch(r"([0-9]{1,10}(?:\.[0-9]{1,10})?) *分?", normalise(text).strip())
    return None if match is None else Fraction(match[1])
