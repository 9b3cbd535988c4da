"""Weights add up: each group's items to the group, the groups to the whole."""

from __future__ import annotations

from fractions import Fraction

from kpilib.errors import Diagnostic
from kpilib.plan.parts import Group
from kpilib.quantity import decimal_text
from kpilib.syntax.plan_tree import GroupNode, PlanNode
from kpilib.text import Span


def check_weights(source: str, node: PlanNode, groups: tuple[Group, ...], full_marks: Fraction) -> list[Diagnostic]:
    """A KPI702 finding for each sum that is wrong, at its place, with the sum and what is missing or too much.

    Where the rule of an item could not be read, the item is taken with the weight of its heading.
    """
    found = []
    doubtful = False
    total = Fraction(0)
    for group_node, group in zip(node.groups, groups, strict=True):
        own, unknown = _own_marks(group_node, group)
        draws = any(item.full_marks is None for item in group.indicators)
        marks = group_node.heading.marks
        total += own if marks is None else marks.number
        doubtful = doubtful or group_node.heading.doubtful
        if marks is None or not group_node.indicators or unknown:
            continue
        if not group.single and (own > marks.number if draws else own != marks.number):
            span = marks.span
            found.append(_finding(source, f"「{group.name}」下面各项", own, marks.number, marks.unit, span, group_node))
        elif draws and own < marks.number:
            names = "、".join(item.name for item in group.draws[:12])
            message = (
                f"「{group.name}」里的 {decimal_text(marks.number - own)}{marks.unit} 是可扣分数，从中加减：{names}"
            )
            found.append(Diagnostic(code="KPI702", message=message, level="info", span=marks.span, source=source))
        elif draws and own == marks.number:
            message = f"「{group.name}」的 {decimal_text(own)}{marks.unit} 已全部分给各项，加减分项没有可扣的分"
            hint = "给这一组多留一些分，或写明 上不封顶"
            found.append(
                Diagnostic(code="KPI702", message=message, level="需确认", span=marks.span, source=source, hint=hint)
            )
    weighed = [group.heading for group in node.groups if group.heading.marks is not None]
    units = {heading.marks.unit for heading in weighed if heading.marks is not None}
    if not doubtful and total != full_marks and (weighed or total):
        last = weighed[-1].marks if weighed else None
        span = last.span if last is not None else node.groups[-1].heading.name.span
        unit = "分" if units == {"分"} or full_marks != 100 else "%"
        hint_full = "总分不是 100 的方案，在开头写一行，例如 满分：120分" if unit == "分" and full_marks == 100 else ""
        found.append(_finding(source, "各组", total, full_marks, unit, span, None, hint_full))
    return found


def _own_marks(node: GroupNode, group: Group) -> tuple[Fraction, bool]:
    """The sum of the items' own marks, and whether one without weight could not be read."""
    read = {item.name: item for item in group.indicators}
    own, unknown = Fraction(0), False
    for member in node.indicators:
        item = read.get(member.heading.name.text)
        marks = member.heading.marks
        unknown = unknown or member.heading.doubtful
        if marks is not None:
            own += marks.number
        elif item is not None:
            own += item.full_marks or 0
        else:
            unknown = True
    return own, unknown


def _finding(
    source: str,
    what: str,
    found: Fraction,
    wanted: Fraction,
    unit: str,
    span: Span,
    node: GroupNode | None,
    hint: str = "",
) -> Diagnostic:
    difference = wanted - found
    gap = f"差 {decimal_text(difference)}{unit}" if difference > 0 else f"多 {decimal_text(-difference)}{unit}"
    message = f"{what}合计 {decimal_text(found)}{unit}，应为 {decimal_text(wanted)}{unit}，{gap}"
    if node is not None:
        parts = [
            f"{member.heading.name.text} {decimal_text(member.heading.marks.number)}{member.heading.marks.unit}"
            for member in node.indicators[:12]
            if member.heading.marks is not None
        ]
        hint = " + ".join(parts)
    return Diagnostic(code="KPI702", message=message, span=span, source=source, hint=hint)
