"""From the text of a plan file to a Plan, with every mistake of the file in one go."""

from __future__ import annotations

import datetime
import re

from attrs import define, evolve

from kpilib.errors import Diagnostic, InputError, PlanError
from kpilib.plan.document import FORMAT, HUNDRED, Plan
from kpilib.plan.facts import fold
from kpilib.plan.findings import Findings
from kpilib.plan.grades import GradeTable, read_coefficients, read_grades
from kpilib.plan.indicators import IndicatorReader, read_marks
from kpilib.plan.parts import Group
from kpilib.plan.settings import Settings
from kpilib.plan.weights import check_weights
from kpilib.syntax.plan_text import MAX_FINDINGS, read_plan
from kpilib.syntax.plan_tree import GroupNode, Line, PlanNode, Words
from kpilib.text import Span, normalise

_SIGNATURES = ("prepared", "prepared_on", "reviewed", "reviewed_on", "approved", "approved_on")
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
    findings = Findings(text)
    plan = _Builder(node, findings).plan()
    found = sorted(findings.found, key=lambda finding: finding.span.start if finding.span is not None else 0)
    errors = [finding for finding in found if finding.level == "error"]
    if len(found) > MAX_FINDINGS:
        found = sorted(found, key=lambda finding: (finding.code != "KPI102", finding.level != "error"))[:MAX_FINDINGS]
    if errors or plan is None:
        return None, tuple(found)
    return evolve(plan, notes=tuple(found)), tuple(found)


@define
class _Builder:
    """Builds a plan out of a tree; what is wrong is collected, never raised."""

    node: PlanNode
    findings: Findings

    @property
    def source(self) -> str:
        """The text of the file."""
        return self.findings.source

    def plan(self) -> Plan | None:
        """The plan, as far as it can be read."""
        self.findings.found += self.node.diagnostics
        if not self.node.title.text and not self.node.groups:
            return None
        head = {line.key.name: line for line in self.node.lines}
        items = IndicatorReader(self.findings)
        settings = items.settings([line for line in self.node.lines if line.key.name == "reading"])
        table = self.grade_table()
        full_marks = read_marks(head["full_marks"].value.text) if "full_marks" in head else HUNDRED
        if full_marks is None or full_marks <= 0:
            self.findings.report(
                "KPI701", "满分要写成大于 0 的分数", head["full_marks"].value.span, hint="例如 满分：120分"
            )
            full_marks = HUNDRED
        if "format" in head and head["format"].value.text.strip() != FORMAT:
            self.findings.report("KPI701", "不认识的格式", head["format"].value.span, hint=f"这个版本读 格式：{FORMAT}")
        groups = tuple(self.group(node, settings, items) for node in self.node.groups)
        if not groups:
            self.findings.report(
                "KPI701", "方案里没有指标", self.node.title.span, hint="写 一、组名（权重） 和 （一）指标名（权重）"
            )
        self.names()
        if not any(finding.code == "KPI102" for finding in self.node.diagnostics):
            self.findings.found += check_weights(self.source, self.node, groups, full_marks)
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

    def grade_table(self) -> GradeTable:
        """Grades and coefficients; several lines of a kind are read as one."""
        words = _joined([line for line in self.node.lines if line.key.name == "grades"], self.source)
        table, found = read_grades(words.text)
        self.findings.take(found, words.span)
        unread = words.text if any(finding.level == "error" for finding in found) else ""
        rates = _joined([line for line in self.node.lines if line.key.name == "coefficients"], self.source)
        coefficients, found = read_coefficients(rates.text, tuple(grade.name for grade in table.grades), unread)
        self.findings.take(found, rates.span)
        return evolve(table, coefficients=coefficients)

    def date(self, words: Words) -> datetime.date | None:
        """A date, 2026-01-01 or 2026年1月1日."""
        match = _DATE.match(normalise(words.text).strip())
        try:
            if match is not None:
                return datetime.date(int(match[1]), int(match[2]), int(match[3]))
        except ValueError:
            pass
        self.findings.report(
            "KPI701", "看不懂这个日期", words.span, hint="写成 2026-01-01", example="生效日期：2026-01-01"
        )
        return None

    # ---- groups and indicators ---------------------------------------------------------------------------------------

    def group(self, node: GroupNode, settings: Settings, items: IndicatorReader) -> Group:
        """A group with its indicators."""
        marks = node.heading.marks
        if marks is not None and marks.number <= 0:
            self.findings.report("KPI701", "权重必须大于 0", marks.span, example="一、工作业绩（70%）")
        return Group(
            name=node.heading.name.text,
            full_marks=None if marks is None else marks.number,
            weight_unit="" if marks is None else marks.unit,
            indicators=tuple(item for member in node.indicators if (item := items.read(member, settings)) is not None),
            remarks=tuple(remark.text for remark in node.remarks if remark.text),
            single=node.single,
        )

    def names(self) -> None:
        """Names of groups, and of indicators over the whole plan, stand once."""
        seen_groups: set[str] = set()
        seen: set[str] = set()
        for group in self.node.groups:
            for heading, names in [(group.heading, seen_groups), *((item.heading, seen) for item in group.indicators)]:
                name = fold(heading.name.text)
                if name and name in names:
                    self.findings.report(
                        "KPI704",
                        f"「{heading.name.text}」这个名称用了两次",
                        heading.name.span,
                        hint="改一个名称，事实表才分得清",
                    )
                names.add(name)


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
