"""Plan files as trees: a title, head lines, groups and indicators, each with its place; the words of lines."""

from __future__ import annotations

from fractions import Fraction
from typing import Literal

from attrs import field, frozen

from kpilib.errors import Diagnostic
from kpilib.text import Span

Place = Literal["head", "indicator"]


@frozen
class Key:
    """A kind of `关键词：` line: the words for it (the first is printed) and where it may stand."""

    name: str
    words: tuple[str, ...]
    places: tuple[Place, ...]
    repeats: bool = False


# In the order in which they are printed.
KEYS: tuple[Key, ...] = (
    Key("format", ("格式",), ("head",)),
    Key("version", ("版本", "版次"), ("head",)),
    Key("effective", ("生效日期", "执行日期", "施行日期"), ("head",)),
    Key("reading", ("口径",), ("head", "indicator"), repeats=True),
    Key("full_marks", ("满分", "总分"), ("head", "indicator")),
    Key("grades", ("等级", "考核等级", "等级划分"), ("head",), repeats=True),
    Key("coefficients", ("奖金系数", "系数", "绩效系数", "考核系数"), ("head",), repeats=True),
    Key("prepared", ("编制", "编制人员", "编制人"), ("head",)),
    Key("prepared_on", ("编制日期",), ("head",)),
    Key("reviewed", ("审核", "审核人员", "审核人"), ("head",)),
    Key("reviewed_on", ("审核日期",), ("head",)),
    Key("approved", ("批准", "批准人员", "批准人", "审批"), ("head",)),
    Key("approved_on", ("批准日期", "审批日期"), ("head",)),
    Key("target", ("目标值", "考核目标值"), ("indicator",)),
    Key("unit", ("单位", "计量单位"), ("indicator",)),
    Key("formula", ("计算公式", "指标公式"), ("indicator",)),
    Key("source", ("数据来源", "资料来源", "信息来源"), ("indicator",)),
    Key("department", ("责任部门", "考核部门"), ("indicator",)),
    Key("rater", ("评分人", "考核人"), ("indicator",)),
    Key("period", ("考核周期", "考核频次", "统计周期"), ("indicator",)),
    Key("scope", ("适用", "适用对象", "适用范围"), ("indicator",)),
    Key(
        "rule",
        ("评分标准", "计分规则", "计分标准", "评价标准", "考核标准", "扣分原则", "扣分标准", "加分标准", "标准"),
        ("indicator",),
        repeats=True,
    ),
)
REMARKS = ("注", "备注", "说明")

KEY_NAMED = {key.name: key for key in KEYS}


@frozen
class Words:
    """A stretch of the author's text, without blanks at its ends."""

    text: str
    span: Span = field(eq=False, repr=False)


@frozen
class Marks:
    """The weight or marks of a heading: 20% or 20分."""

    number: Fraction
    unit: Literal["%", "分"]
    span: Span = field(eq=False, repr=False)


@frozen
class Line:
    """One `关键词：值` line."""

    key: Key
    value: Words
    span: Span = field(eq=False, repr=False)


@frozen
class Heading:
    """A numbered heading; `doubtful` where its marks could not be read."""

    number: int
    name: Words
    marks: Marks | None = None
    doubtful: bool = False


@frozen
class IndicatorNode:
    """One indicator as written; `rule` is as long as its span, and blank where other lines stand."""

    heading: Heading
    lines: tuple[Line, ...] = ()
    remarks: tuple[Words, ...] = ()
    rule: Words | None = None


@frozen
class GroupNode:
    """One group; `single` where the heading is an indicator of its own, with a rule right under it."""

    heading: Heading
    indicators: tuple[IndicatorNode, ...] = ()
    remarks: tuple[Words, ...] = ()
    single: bool = False


@frozen
class PlanNode:
    """A whole file as written, and what is wrong with its lines."""

    title: Words
    lines: tuple[Line, ...] = ()
    remarks: tuple[Words, ...] = ()
    groups: tuple[GroupNode, ...] = ()
    diagnostics: tuple[Diagnostic, ...] = ()
