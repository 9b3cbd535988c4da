"""The command line: score, explain and check rules and plans, and score tables of people."""

from __future__ import annotations

import shutil
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from tempfile import SpooledTemporaryFile
from typing import Any

import kpilib
from kpilib.cli_click import FINDINGS, FINE, Program, click, print_json
from kpilib.cli_facts import facts as facts_command
from kpilib.cli_facts import report_faults
from kpilib.cli_options import (
    at_option,
    compiled,
    json_option,
    only_with,
    reading_of,
    rule_options,
    sheet_of,
    sheet_option,
    values_at,
)
from kpilib.compiler import check as check_rule
from kpilib.errors import Diagnostic, KpiError
from kpilib.meaning.reading import StepMode
from kpilib.output.boundaries import RuleTables, plan_tables, rule_tables
from kpilib.output.facts import FactTable, read_facts
from kpilib.output.files import replacing
from kpilib.output.gather import open_facts
from kpilib.output.results import Summary, exact_text, one_result, pour, score_rows
from kpilib.output.table import results_table
from kpilib.output.writers import JsonWriter, write_results
from kpilib.plan import Plan, check_plan, load_plan, parse_plan, plan_text
from kpilib.plan.files import decoded
from kpilib.syntax.plan_text import MAX_BYTES
from kpilib.text import line_of

# Of the hints about a sheet, those about the sheet itself; those about its rules are for `check`.
IMPORTED = ("KPI822", "KPI824")
DEMO = "大客户专员"
OF_RULE = "和 --rule 一起用；方案里的规则看方案里写的"


@click.group("kpilib", cls=Program, help="中文考核规则，写出来就能算：计分、说明理由、检查，给一张表里的人打分。")
@click.version_option(package_name="kpilib", message="kpilib %(version)s", help="显示版本")
def main() -> None:
    """The program."""


# ---- one rule --------------------------------------------------------------------------------------------------------


@main.command("score", short_help="按一句规则给一个实际值打分")
@click.argument("rule", metavar="规则")
@rule_options
@at_option
@json_option
def score(
    rule: str, full_marks: str | None, target: str | None, step: StepMode | None, at: tuple[str, ...], as_json: bool
) -> None:
    """按一句规则给一个实际值打分。

    例：kpilib score "每低1%扣2分" --full-marks 20 --target 90% --at 85.4%
    """
    read = compiled(rule, full_marks, target, step)
    points = read.score(values_at(read, at))
    if as_json:
        notes = [note.to_dict() for note in read.notes]
        print_json({"points": exact_text(points), "rule": read.text, "notes": notes})
        return
    click.echo(exact_text(points))
    for note in read.notes:
        if note.level == "需确认":
            click.echo(f"需确认：{note}", err=True)


@main.command("explain", short_help="一步一步说明得分的理由")
@click.argument("rule", metavar="[规则]", required=False)
@rule_options
@at_option
@click.option("--plan", "plan_name", metavar="方案", help="方案文件，或附带方案的名称")
@click.option("--facts", multiple=True, metavar="文件", help="事实表，.xlsx、.csv 或文件夹；可重复")
@click.option("--who", metavar="姓名", help="事实表里的姓名或工号")
@sheet_option
@json_option
def explain(
    rule: str | None,
    full_marks: str | None,
    target: str | None,
    step: StepMode | None,
    at: tuple[str, ...],
    plan_name: str | None,
    facts: tuple[str, ...],
    who: str | None,
    sheet: str,
    as_json: bool,
) -> None:
    """一步一步说明得分的理由：一句规则的，或者方案里一个人的。

    例：kpilib explain "每低1%扣2分" --full-marks 20 --target 90% --at 85.4%
    例：kpilib explain --plan 方案.kpi --facts 事实.xlsx --who 张三
    """
    if (rule is None) == (plan_name is None):
        raise click.UsageError("给一句规则，或者 --plan 方案 --facts 文件 --who 姓名")
    if rule is not None:
        only_with("和 --plan 一起用", facts=facts, who=who, sheet=sheet)
        read = compiled(rule, full_marks, target, step)
        explanation: Any = read.explain(values_at(read, at))
    elif plan_name is None or not facts or who is None:
        raise click.UsageError("和 --plan 一起要给 --facts 文件 --who 姓名")
    else:
        only_with("和一句规则一起用", full_marks=full_marks, target=target, step=step, at=at)
        sheet = sheet_of(facts, sheet)
        plan = load_plan(plan_name)
        explanation = one_result(plan, open_facts(facts, plan, sheet=sheet), who).explain()
    if as_json:
        print_json(explanation.to_dict())
    else:
        click.echo(str(explanation))


# ---- checking and formatting -----------------------------------------------------------------------------------------


@main.command("check", short_help="检查方案文件或一句规则")
@click.argument("names", metavar="[文件]…", nargs=-1)
@click.option("--rule", metavar="规则", help="检查一句规则")
@rule_options
@click.option("--final", is_flag=True, help="定稿检查：还有「需确认」的也算没通过")
@click.option("--table", "tables", is_flag=True, help="列出每条规则在每个界限上下的得分，可以逐行打勾核对")
@json_option
def check(
    names: tuple[str, ...],
    rule: str | None,
    full_marks: str | None,
    target: str | None,
    step: StepMode | None,
    final: bool,
    tables: bool,
    as_json: bool,
) -> int:
    """检查方案文件（- 是标准输入）或一句规则，列出错误、需确认的地方和提示。

    没有错误返回 0，有错误返回 1；加 --final，「需确认」的地方也要在方案里写定。
    加 --table，没有错误的还列出规范的写法和界限表。
    """
    if not names and rule is None:
        raise click.UsageError("给方案文件，或者 --rule 规则")
    if rule is None:
        only_with(OF_RULE, full_marks=full_marks, target=target, step=step)
    checked: list[Checked] = []
    if rule is not None:
        findings = check_rule(rule, full_marks=full_marks, target=target, reading=reading_of(step))
        shown = (
            [rule_tables("规则", compiled(rule, full_marks, target, step))] if tables and not wrong(findings) else []
        )
        checked.append(("规则", findings, tuple(shown)))
    for name in names:
        try:
            text = text_of(name)
            findings = check_plan(text)
            checked.append((name, findings, plan_tables(parse_plan(text)) if tables and not wrong(findings) else ()))
        except KpiError as error:
            checked.append((name, error.diagnostics, ()))
    stops = ("error", "需确认") if final else ("error",)
    failed = any(wrong(findings, stops) for _, findings, _ in checked)
    if as_json:
        print_json({"ok": not failed, "checked": [checked_data(one, tables=tables) for one in checked]})
    else:
        for name, findings, found in checked:
            click.echo(f"{name}：{counted(findings)}")
            for finding in findings:
                click.echo(f"[{LEVELS[finding.level]}] {finding}")
            for table in found:
                click.echo(f"\n{table}")
    return FINDINGS if failed else FINE


Checked = tuple[str, tuple[Diagnostic, ...], tuple[RuleTables, ...]]


def wrong(findings: Sequence[Diagnostic], levels: Sequence[str] = ("error",)) -> bool:
    """Whether there is a finding of one of the levels."""
    return any(finding.level in levels for finding in findings)


def checked_data(one: Checked, *, tables: bool) -> dict[str, object]:
    """What was found in one text, as plain data."""
    name, findings, found = one
    document: dict[str, object] = {"file": name, "findings": [placed(finding) for finding in findings]}
    return document | {"tables": [table.to_dict() for table in found]} if tables else document


LEVELS = {"error": "错误", "需确认": "需确认", "info": "提示"}


def counted(findings: Sequence[Diagnostic]) -> str:
    """How many findings of each level there are."""
    counts = [(name, sum(finding.level == level for finding in findings)) for level, name in LEVELS.items()]
    return "，".join(f"{name} {count}" for name, count in counts if count) or "没有问题"


def placed(finding: Diagnostic) -> dict[str, object]:
    """A finding as plain data with its line and column."""
    line, column = line_of(finding.source, finding.span.start) if finding.span is not None else (None, None)
    return {**finding.to_dict(), "line": line, "column": column}


def text_of(name: str) -> str:
    """The text of a plan file, or of standard input for -."""
    return decoded(sys.stdin.buffer.read(MAX_BYTES + 1), "标准输入") if name == "-" else plan_text(name)


@main.command("fmt", short_help="把方案或规则改写成规范的写法")
@click.argument("names", metavar="[文件]…", nargs=-1)
@click.option("--rule", metavar="规则", help="改写一句规则")
@rule_options
@click.option("--write", is_flag=True, help="写回文件，而不是显示")
@json_option
def fmt(
    names: tuple[str, ...],
    rule: str | None,
    full_marks: str | None,
    target: str | None,
    step: StepMode | None,
    write: bool,
    as_json: bool,
) -> None:
    """显示方案文件（- 是标准输入）或一句规则的规范写法；意思不变。"""
    if not names and rule is None:
        raise click.UsageError("给方案文件，或者 --rule 规则")
    if rule is None:
        only_with(OF_RULE, full_marks=full_marks, target=target, step=step)
    if write and (rule is not None or "-" in names):
        raise click.UsageError("--write 只用于文件")
    if write and (absent := [name for name in names if not Path(name).is_file()]):
        raise click.UsageError(f"没有文件 {'、'.join(absent)}")
    texts = [("规则", compiled(rule, full_marks, target, step).text, "")] if rule is not None else []
    texts += [(name, parse_plan(text := text_of(name)).text, text) for name in names]
    for name, text, before in texts:
        if write and text.rstrip("\n") != before.rstrip("\n"):
            with replacing(Path(name)) as beside:
                beside.write_text(text.rstrip("\n") + "\n", encoding="utf-8")
            if not as_json:
                click.echo(f"改写了 {name}")
        elif not write and not as_json:
            click.echo(text.rstrip("\n"))
    if as_json:
        changed = [{"file": name, "text": text, "changed": text != before.rstrip("\n")} for name, text, before in texts]
        print_json({"texts": changed})


@main.command("import", short_help="把考核表（.xlsx、.docx、Markdown）变成方案文件")
@click.argument("path", metavar="考核表")
@click.option("--out", metavar="文件", help="方案存为 .kpi；不写就显示")
@click.option("--sheet", default="", metavar="名称", help="工作簿里的哪张工作表，默认第一张")
@click.option("--table", type=int, metavar="序号", help="文件里有几张考核表时，读第几张")
@json_option
def import_(path: str, out: str | None, sheet: str, table: int | None, as_json: bool) -> int:
    """把 HR 手里的考核表变成方案文件；读不懂的格、对不上的权重、不认识的列，按格子的地址列出来。

    例：kpilib import 考核表.xlsx --out 考核.kpi
    """
    read = kpilib.import_sheet(path, sheet=sheet, table=table)
    if out is not None:
        with replacing(Path(out)) as beside:
            beside.write_text(read.plan_text, encoding="utf-8")
    if as_json:
        print_json({"out": out, **read.to_dict()})
        return FINE if read.ok else FINDINGS
    if out is None:
        click.echo(read.plan_text.rstrip("\n"))
    said = [finding for finding in read.findings if finding.level != "info" or finding.code in IMPORTED]
    for finding in said:
        click.echo(f"[{LEVELS[finding.level]}] {finding}", err=True)
    where = f"；方案在 {out}" if out is not None else ""
    click.echo(f"{path}：{counted([finding.diagnostic for finding in said])}{where}", err=True)
    return FINE if read.ok else FINDINGS


# ---- a plan for a table of people ------------------------------------------------------------------------------------


@main.command("run", short_help="按方案给一张表里的人打分")
@click.argument("plan_name", metavar="方案")
@click.option(
    "--facts",
    required=True,
    multiple=True,
    metavar="文件",
    help="事实表，.xlsx、.csv 或装着它们的文件夹；可重复，几张表按人合起来",
)
@click.option("--out", metavar="文件", help="结果存为 .xlsx、.csv 或 .json；不写就显示")
@sheet_option
@json_option
def run(plan_name: str, facts: tuple[str, ...], out: str | None, sheet: str, as_json: bool) -> int:
    """按方案给一张表里的人打分；写错的行列出来，其余照常打分。

    例：kpilib run 方案.kpi --facts 事实.xlsx --out 结果.xlsx
    例：kpilib run 方案.kpi --facts 财务部.xlsx --facts 人力资源部.xlsx
    """
    sheet = sheet_of(facts, sheet)
    plan = load_plan(plan_name)
    table = open_facts(facts, plan, sheet=sheet)
    if out is not None:
        with Progress() as progress:
            summary = write_results(out, plan, table, progress=progress)
        if as_json:
            print_json({"out": out, "missing": list(table.missing), "summary": summary.to_dict()})
        else:
            click.echo(f"{summary}；结果在 {out}")
    elif as_json:
        summary = print_results(plan, table)
    else:
        results = list(score_rows(plan, table))
        click.echo(results_table(plan, table, results))
        summary = Summary()
        for result in results:
            summary.add(result)
    if not as_json:
        report_faults(table, summary.faults, summary.fault_count)
    return FINDINGS if summary.faulty else FINE


def print_results(plan: Plan, table: FactTable) -> Summary:
    """Print the results as one JSON document; nothing where the table breaks off, so that the error stands alone."""
    with SpooledTemporaryFile(4_000_000, "w+", encoding="utf-8") as waiting:
        summary = pour(JsonWriter(waiting, plan), score_rows(plan, table))
        waiting.seek(0)
        shutil.copyfileobj(waiting, sys.stdout)
    return summary


class Progress:
    """The number of rows done, on one line of a terminal; silent where stderr is none."""

    def __init__(self) -> None:
        self._shown = sys.stderr.isatty()
        self._next = time.monotonic() + 0.5
        self._written = False

    def __enter__(self) -> Progress:
        return self

    def __exit__(self, *_: object) -> None:
        if self._written:
            click.echo("\r\x1b[K", err=True, nl=False)

    def __call__(self, rows: int) -> None:
        """Show the number, now and then."""
        if self._shown and rows % 256 == 0 and time.monotonic() >= self._next:
            click.echo(f"\r已打分 {rows:,} 行", err=True, nl=False)
            self._next, self._written = time.monotonic() + 0.2, True


main.add_command(facts_command)


@main.command("demo", short_help="用附带的方案和事实表演示一遍")
@json_option
def demo(as_json: bool) -> int:
    """用附带的方案和事实表演示一遍：八个人的得分，和其中一个人的理由。"""
    with ExitStack() as stack:
        facts = stack.enter_context(as_file(files("kpilib") / "plans" / f"{DEMO}.csv"))
        plan = load_plan(DEMO)
        table = read_facts(facts, plan)
        if as_json:
            return FINDINGS if print_results(plan, table).faulty else FINE
        results = list(score_rows(plan, table))
    click.echo(f"{plan.title}\n")
    click.echo(results_table(plan, table, results))
    first = next(result for result in results if result.sheet is not None and result.sheet.total is not None)
    click.echo(f"\n{'　'.join(first.who.values())} 的得分是这样来的：\n")
    click.echo(str(first.sheet.explain() if first.sheet is not None else ""))
    return FINE


if __name__ == "__main__":
    main()
