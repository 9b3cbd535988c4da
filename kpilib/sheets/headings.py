"""The glossary of headings: what the columns of a scorecard are called, and what each is to the plan."""

from __future__ import annotations

import re
from typing import Literal

from attrs import frozen

from kpilib.syntax.plan_tree import KEY_NAMED, REMARKS
from kpilib.text import normalise

Role = Literal[
    "group", "indicator", "content", "weight", "marks", "rule", "target", "unit", "formula", "source", "department",
    "rater", "period", "scope", "remark", "about", "score", "actual", "number", "unknown",
]  # fmt: skip


@frozen
class Heading:
    """One kind of column: its title, the words for it, and where its cells go in the plan (empty: nowhere)."""

    role: Role
    title: str
    kept: str
    words: tuple[str, ...]


def _key(name: str) -> tuple[str, ...]:
    """The words that plan files have for a kind of line are headings too."""
    return KEY_NAMED[name].words


# A word belongs to the first heading that lists it.
GLOSSARY: tuple[Heading, ...] = (
    Heading("number", "序号", "", ("序号", "编号", "序", "NO", "NO.", "No", "No.", "项次")),
    Heading(
        "group", "考核项目", "一、",
        (
            "考核项目", "考核维度", "维度", "类别", "考核类别", "指标类别", "指标类型", "考核类型", "指标维度", "项目", "考评项目", "评价项目",
            "考核模块", "模块", "KPA", "关键领域", "一级指标", "评估项目", "分类", "绩效维度", "考核方面", "考核大项",
        ),
    ),
    Heading(
        "indicator", "考核指标", "（一）",
        (
            "考核指标", "指标", "指标名称", "考核指标名称", "KPI", "KPI指标", "KPI名称", "KPI指标名称", "关键绩效指标", "关键业绩指标", "关键指标",
            "绩效指标", "绩效考核指标", "评价指标", "考评指标", "考核要素", "评价要素", "要素", "二级指标", "考核子项", "子项", "考核细项", "评估指标",
            "考核小项", "衡量指标", "业绩指标", "考核项",
        ),
    ),
    Heading("content", "考核内容", "注：", ("考核内容", "工作内容", "内容", "评价内容", "考评内容", "主要内容", "重点工作", "工作任务")),
    Heading("weight", "权重", "（20%）", ("权重", "权数", "比重", "占比", "权重比例", "指标权重", "考核权重", "权重占比", "比例", "项目权重")),
    Heading(
        "marks", "满分", "满分：",
        ("满分", "分值", "标准分", "标准分值", "标准分数", "配分", "基准分", "基础分", "满分分值", "指标分值", "考核分值", "应得分", "满分值"),
    ),
    Heading(
        "rule", "评分标准", "评分标准：",
        (
            *_key("rule"), "评分规则", "计分方法", "计分办法", "评分办法", "评分方法", "评分细则", "考核细则", "考核办法", "考核方法", "评价方法",
            "考核评分标准", "考核评价标准", "评价规则", "扣分规则", "加分规则", "扣分细则", "奖惩标准", "考评标准", "评定标准", "计分方式", "评分方式",
            "评估标准", "考核规则", "加扣分标准", "加减分标准", "打分标准", "评分依据", "衡量标准", "绩效标准", "考核标准及评分办法", "扣分项",
            "评分标准及办法", "加分原则", "评分原则", "考核原则", "扣分办法", "扣分依据", "细则",
        ),
    ),
    Heading(
        "target", "目标值", "目标值：",
        (*_key("target"), "目标", "考核目标", "指标值", "标准值", "计划值", "目标要求", "绩效目标", "年度目标", "季度目标", "月度目标", "工作目标"),
    ),
    Heading("unit", "单位", "单位：", (*_key("unit"), "指标单位")),
    Heading(
        "formula", "计算公式", "计算公式：",
        (*_key("formula"), "指标计算公式", "公式", "计算方式", "统计公式", "指标公式", "计算方法", "指标计算方法", "统计方法"),
    ),
    Heading("source", "数据来源", "数据来源：", (*_key("source"), "数据提供", "数据提供部门", "数据提供者", "数据来源部门", "依据来源", "来源")),
    Heading("department", "责任部门", "责任部门：", (*_key("department"), "负责部门", "主责部门", "承办部门", "归口部门", "责任单位", "责任人", "负责人")),
    Heading("rater", "评分人", "评分人：", (*_key("rater"), "评价人", "考评人", "打分人", "考核主体", "评分部门", "评价主体", "评分者", "考核者")),
    Heading("period", "考核周期", "考核周期：", (*_key("period"), "周期", "频次", "频率", "考核时间", "评价周期")),
    Heading("scope", "适用", "适用：", (*_key("scope"), "适用岗位", "考核对象", "被考核人")),
    Heading("remark", "备注", "注：", (*REMARKS, "其他", "其它", "备注说明")),
    Heading(
        "about", "指标说明", "注：",
        ("指标说明", "指标定义", "指标解释", "定义", "指标描述", "描述", "考核目的", "考核依据", "考核要点", "考核要求", "工作要求", "指标含义", "说明事项"),
    ),
    Heading(
        "score", "评分", "",
        (
            "评分", "得分", "考核得分", "实际得分", "自评", "自评分", "自评得分", "自我评分", "上级评分", "上级评价", "上级评", "主管评分", "领导评分",
            "考评得分", "最终得分", "考核评分", "评定得分", "加权得分", "评价得分", "初评", "复评", "终评", "考核分", "实得分", "自评分数", "考核分数",
            "直接上级评分", "部门评分", "人力资源部评分", "考核结果", "评估得分", "扣分", "加分", "打分", "评分结果", "他评",
        ),
    ),
    Heading(
        "actual", "实际值", "",
        ("实际值", "完成值", "实际完成", "实际完成值", "完成情况", "实际完成情况", "实绩", "实际", "完成率", "实际数据", "统计数据", "完成结果"),
    ),
)  # fmt: skip

OF_ROLE = {heading.role: heading for heading in GLOSSARY}
_OF_WORD: dict[str, Heading] = {}
for _heading in GLOSSARY:
    for _word in _heading.words:
        _OF_WORD.setdefault(_word.upper(), _heading)

# 目标值（万元）, 权重(%), 评分标准（满分100分）.
_BRACKET = re.compile(r"(?P<word>[^()]{1,20})\((?P<note>[^()]{1,30})\)\Z")
_EDGES = re.compile(r"^[*#★☆ ]+|[*#:★☆ ]+$")


@frozen
class Named:
    """What the words of a heading say: its kind, and what it has in brackets, as 万元."""

    heading: Heading | None
    note: str = ""

    @property
    def role(self) -> Role:
        """The role of its column."""
        return "unknown" if self.heading is None else self.heading.role


def named(text: str) -> Named:
    """The kind of column that some words head.

    >>> named("目 标 值（万元）").role, named("目 标 值（万元）").note, named("天气").role
    ('target', '万元', 'unknown')
    """
    if len(text) > 60:
        return Named(None)
    words = _EDGES.sub("", "".join(normalise(text).split())).upper()
    if words in _OF_WORD:
        return Named(_OF_WORD[words])
    if (match := _BRACKET.match(words)) is not None:
        return Named(_OF_WORD.get(_EDGES.sub("", match["word"])), match["note"])
    # 评分标准/计分方法 and 指标及权重 name two things; two names for the same thing are that thing.
    kinds = {_OF_WORD.get(part) for part in re.split("[/、和与及]", words)}
    return Named(kinds.pop()) if len(kinds) == 1 else Named(None)
