"""The command `kpilib facts`: the blank workbook of a plan, and what of it has come in."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from kpilib.cli_click import FINDINGS, FINE, Command, click, print_json
from kpilib.cli_options import json_option
from kpilib.output.blank import GROUPINGS, BlankBook, blank_book
from kpilib.output.blank_writer import write_blank
from kpilib.output.columns import Fault
from kpilib.output.facts import FactTable
from kpilib.output.gather import open_facts
from kpilib.output.receipt import receipt
from kpilib.output.table import plain, table
from kpilib.plan import Plan, load_plan

SHOWN_FAULTS = 50


@click.command("facts", cls=Command, short_help="做一份空白事实表；或者看还有谁没填")
@click.argument("plan_name", metavar="方案")
@click.option("--out", metavar="文件", help="空白事实表存为 .xlsx；不写就显示有哪些列")
@click.option(
    "--by", type=click.Choice(GROUPINGS), default=GROUPINGS[0], help="每个责任部门（默认）、数据来源或评分人一张工作表"
)
@click.option("--split", is_flag=True, help="每张工作表单独存一个文件，文件名后面加上部门")
@click.option(
    "--people", metavar="文件", help="名单：有姓名、工号、部门的 .xlsx 或 .csv，填进空白表；核对时看谁整行没有"
)
@click.option("--check", "checked", multiple=True, metavar="文件", help="填过的事实表或文件夹，看还缺什么；可重复")
@json_option
def facts(
    plan_name: str,
    out: str | None,
    by: str,
    split: bool,
    people: str | None,
    checked: tuple[str, ...],
    as_json: bool,
) -> int:
    """做一份空白事实表，列名、单位和 kpilib run 要的一样；或者看交上来的表里还有谁没填。

    例：kpilib facts 方案.kpi --people 名单.xlsx --out 事实.xlsx
    例：kpilib facts 方案.kpi --check 事实.xlsx
    都填了返回 0，还缺的或有误的返回 1。
    """
    if checked and (out is not None or split):
        raise click.UsageError("--check 和 --out、--split 不能一起用")
    if split and out is None:
        raise click.UsageError("--split 要和 --out 一起用")
    plan = load_plan(plan_name)
    book = blank_book(plan, by=by)
    roster = [row.who for row in open_facts([people], plan)] if people is not None else []
    if checked:
        return check(plan, book, checked, roster, as_json=as_json)
    written = write_blank(out, plan, book, people=roster, split=split) if out is not None else ()
    if as_json:
        print_json(
            {"files": [str(path) for path in written], "sheets": [sheet_data(book, by, sheet) for sheet in book.sheets]}
        )
    elif written:
        for path in written:
            click.echo(f"写了 {path}")
    else:
        rows = [(sheet.name, one.header, filled_with(one)) for sheet in book.sheets for one in sheet.columns]
        click.echo(f"{plan.title}\n每张表前面还有：{'、'.join(book.identity)}\n")
        click.echo(table((by, "列名", "填什么"), rows))
    return FINE


def sheet_data(book: BlankBook, by: str, sheet: Any) -> dict[str, object]:
    """One sheet to fill in, as plain data."""
    columns = [
        {
            "header": one.header,
            "input": one.name,
            "role": one.role,
            "unit": one.unit,
            "labels": list(one.labels),
            "whole": one.whole,
            "needed": one.needed,
        }
        for one in sheet.columns
    ]
    return {"name": sheet.name, "by": by, "owner": sheet.owner, "people": list(book.identity), "columns": columns}


def filled_with(column: Any) -> str:
    """What a column is to hold, in a few words."""
    if column.labels:
        more = f" 等 {len(column.labels)} 项" if len(column.labels) > 3 else ""
        return (
            f"选一项：{'、'.join(label if len(label) <= 12 else f'{label[:12]}…' for label in column.labels[:3])}{more}"
        )
    kind = "次数" if column.whole else "数"
    unit = f"（{column.unit}）" if column.unit else ""
    return f"{kind}{unit}" if column.needed else f"{kind}{unit}，只在评分时填"


def check(plan: Plan, book: BlankBook, paths: Sequence[str], roster: Sequence[Any], *, as_json: bool) -> int:
    """Say what has not come in yet."""
    opened = open_facts(paths, plan)
    found = receipt(book, opened, roster=roster)
    if as_json:
        print_json(found.to_dict())
        return FINE if found.complete else FINDINGS
    click.echo("\n".join(plain(line) for line in str(found).splitlines()))
    report_faults(opened, found.faults, found.fault_count)
    return FINE if found.complete else FINDINGS


def report_faults(table: FactTable, faults: Sequence[Fault], count: int) -> None:
    """What is not read, missing and wrong in a table, on stderr."""
    for place in table.skipped:
        click.echo(f"没有读：{plain(place)}", err=True)
    for name in table.missing:
        click.echo(f"没有「{name}」列，这一项全部待定", err=True)
    for fault in faults[:SHOWN_FAULTS]:
        click.echo(str(fault), err=True)
    if count > SHOWN_FAULTS:
        click.echo(f"还有 {count - SHOWN_FAULTS} 处", err=True)
