"""Options that several commands share: what a rule needs to know that its own words leave open, and its inputs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, get_args

from kpilib.cli_click import click
from kpilib.compiler import compile_rule
from kpilib.errors import Diagnostic, KpiError, TemplateError
from kpilib.inputs import read_target
from kpilib.meaning.reading import Reading, StepMode
from kpilib.quantity import exact
from kpilib.rule import Rule
from kpilib.text import cut, normalise

__all__ = [
    "at_option",
    "compiled",
    "json_option",
    "only_with",
    "reading_of",
    "rule_options",
    "sheet_of",
    "sheet_option",
    "values_at",
]

json_option = click.option("--json", "as_json", is_flag=True, help="结果和错误都以 JSON 输出")
sheet_option = click.option("--sheet", default="", metavar="名称", help="事实表是工作簿里的哪张工作表，默认第一张")
at_option = click.option("--at", multiple=True, metavar="值", help="实际值，如 85.4%；几个输入写 名称=值，可重复")


def _marks(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """Full marks as they are, where they are a number above 0."""
    if text is None:
        return None
    try:
        fine = exact(normalise(text).strip().removesuffix("分")) > 0
    except KpiError:
        fine = False
    if not fine:
        raise click.BadParameter(f"要一个大于 0 的数，如 20，不是「{cut(text, 40)}」")
    return text


def _target(_: click.Context, __: click.Parameter, text: str | None) -> str | None:
    """A target as it is, where it has a number."""
    if text is None:
        return None
    try:
        if read_target(text) is not None:
            return text
    except KpiError:
        pass
    raise click.BadParameter(f"要一个带单位的数，如 90% 或 不低于90%，不是「{cut(text, 40)}」")


def rule_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What a rule needs to know that its own words leave open."""
    steps = click.Choice(get_args(StepMode))
    for option in (
        click.option("--step", type=steps, help="不足一档：按比例 linear（默认）、不计 floor、按一档计 ceil"),
        click.option("--target", metavar="值", callback=_target, help="目标值，如 90%"),
        click.option("--full-marks", metavar="分", callback=_marks, help="满分，如 20"),
    ):
        command = option(command)
    return command


def only_with(what: str, **options: Any) -> None:
    """Refuse options that would be of no use beside what is asked.

    Raises:
        click.UsageError: one of them was given.
    """
    given = [f"--{name.replace('_', '-')}" for name, value in options.items() if value]
    if given:
        raise click.UsageError(f"{'、'.join(given)} 只{what}")


def sheet_of(facts: Sequence[str], sheet: str) -> str:
    """The name of the worksheet that is asked for.

    Raises:
        click.UsageError: none of the facts is a workbook.
    """
    if sheet and all(Path(name).suffix.lower() == ".csv" for name in facts):
        raise click.UsageError("--sheet 只用于 .xlsx，CSV 没有工作表")
    return sheet


def compiled(text: str, full_marks: str | None, target: str | None, step: StepMode | None) -> Rule:
    """The rule of the options."""
    return compile_rule(text, full_marks=full_marks, target=target, reading=reading_of(step))


def reading_of(step: StepMode | None) -> Reading:
    """The 口径 of the options; a step that was named is settled, and nobody is asked about it again."""
    return Reading() if step is None else Reading(step=step, stated={"step"})


def values_at(rule: Rule, at: Sequence[str]) -> Any:
    """What the options --at say: one value, or one for each input.

    Raises:
        TemplateError: numbers of the rule are still blank, so that nobody knows its inputs.
        click.UsageError: no value where one is needed, one name twice, or several values without names.
    """
    if rule.holes:
        raise _blank(rule)
    names = {"".join(normalise(put.name).split()): put.name for put in rule.inputs}
    values: dict[str, str] = {}
    for given in at:
        name, sign, value = normalise(given).partition("=")
        known = names.get("".join(name.split())) if sign else None
        if sign and known is None:
            listed = "、".join(names.values())
            raise click.UsageError(f"没有输入「{cut(name.strip(), 40)}」；这条规则的输入是 {listed}")
        if known is None and len(names) != 1:
            listed = "、".join(names.values())
            raise click.UsageError(f"--at {cut(given, 40)} 没有名称；写成 名称=值，名称有 {listed}")
        known = known or rule.inputs[0].name
        if known in values:
            raise click.UsageError(f"「{known}」给了两次")
        values[known] = value.strip() if sign else given
    if not values and rule.inputs:
        shown = "--at 值" if len(names) == 1 else " ".join(f"--at {name}=值" for name in names.values())
        raise click.UsageError(f"缺少实际值：{shown}")
    return values if len(names) != 1 else next(iter(values.values()))


def _blank(rule: Rule) -> TemplateError:
    """The error for a rule with blanks, each at its place."""
    hint = "在规则里填上这个数，再打分"
    found = tuple(
        Diagnostic(code="KPI301", message=f"「{hole.name}」还空着", span=hole.span, source=rule.source, hint=hint)
        for hole in rule.holes
    )
    return TemplateError(found[0].message, holes=rule.holes, diagnostics=found)
