"""Results written to real files and read again: the same numbers, no formulas, nothing half-written."""

import builtins
import csv
import io
import json
import os
import stat
from decimal import Decimal
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest
from python_calamine import CalamineWorkbook

from kpilib.errors import InputError, KpiError
from kpilib.output import results as results_module
from kpilib.output import workbook as workbook_module
from kpilib.output.facts import read_facts
from kpilib.output.files import replacing
from kpilib.output.results import Layout, Result, Summary, one_result, pour, score_rows
from kpilib.output.table import plain, results_table, table, wrapped
from kpilib.output.writers import CsvWriter, guarded, write_results
from kpilib.plan import Plan, parse_plan
from kpilib.text import display_width

PLAN = """\
销售人员考核
版本：2026-1
等级：90分以上优秀；75分以上良好；60分以上及格；低于60分不及格
奖金系数：优秀1.2；良好1.0；及格0.8；不及格0

一、业绩（60%）
（一）回款率（40%）
考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分
（二）新客户数（20%）
目标值：10家
每少1家扣2分

二、客户关系（40%）
（一）客户满意度（25%）
考核目标值为90%；每低1%，减1分
（二）投诉
客户投诉一次扣5分
"""
FACTS = """\
姓名,工号,部门,回款率(%),新客户数,客户满意度(%),投诉
张三,1001,一部,85.4,9,90,1
李四,1002,一部,99,12,88.35,0
王五,1003,二部,,12,90,0
赵六,1004,二部,八成,9,90,0
=cmd|' /C calc'!A0,+1+1,@SUM(A1),90,10,90,8
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(PLAN)


@pytest.fixture
def facts(tmp_path: Path) -> Path:
    path = tmp_path / "facts.csv"
    path.write_text(FACTS, encoding="utf-8")
    return path


def computed(plan: Plan, facts: Path) -> list[Result]:
    return list(score_rows(plan, read_facts(facts, plan)))


def sheets_of(path: Path) -> dict[str, list[list[Any]]]:
    book = CalamineWorkbook.from_path(path)
    return {name: book.get_sheet_by_name(name).to_python(skip_empty_area=False) for name in book.sheet_names}


# ---- what is computed ------------------------------------------------------------------------------------------------


def test_a_bad_row_is_reported_and_the_others_are_scored(plan: Plan, facts: Path) -> None:
    results = computed(plan, facts)
    assert [result.state for result in results] == ["已评分", "已评分", "待定", "有误", "已评分"]
    assert results[0].sheet is not None
    assert results[0].sheet.total == Decimal("83.8")
    assert results[3].faults[0].error.message.startswith("第5行「回款率(%)」：")
    assert results[2].remark == "回款率：没有数据"


def test_what_the_plan_refuses_names_row_and_column(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text("姓名,新客户数,投诉\n张三,2.5,0.5\n", encoding="utf-8")
    (result,) = score_rows(plan, read_facts(path, plan))
    assert [fault.column for fault in result.faults] == ["新客户数", "投诉"]
    assert all(fault.error.message.startswith(f"第2行「{fault.column}」：") for fault in result.faults)
    assert result.sheet is None


def test_the_columns_of_a_row_add_up_to_its_total(plan: Plan, facts: Path) -> None:
    layout = Layout.of(plan, read_facts(facts, plan))
    assert layout.header == (
        *("姓名", "工号", "部门", "回款率", "新客户数", "客户满意度", "投诉"),
        *("客户关系（可扣分数）", "总分", "等级", "系数", "状态", "说明"),
    )
    for result in computed(plan, facts):
        cells = layout.cells(result)
        assert len(cells) == len(layout.header)
        if result.state == "已评分":
            points = [cell for cell in cells[3:8] if isinstance(cell, Decimal)]
            assert sum(points) == cells[8]


def test_what_does_not_apply_says_so_in_every_kind_of_result(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "facts.csv"
    path.write_text(
        "姓名,回款率(%),新客户数,客户满意度(%),投诉\n张三,90,不适用,不适用,不适用\n李四,,10,90,1\n", encoding="utf-8"
    )
    shown = results_table(plan, read_facts(path, plan), computed(plan, path)).splitlines()
    assert shown[2].split() == ["张三", "100", "不适用", "100", "优秀", "1.2"]
    assert shown[3].split() == ["李四", "待定", "35", "待定"]
    for kind in ("csv", "xlsx", "json"):
        write_results(tmp_path / f"out.{kind}", plan, read_facts(path, plan))
    rows = list(csv.reader(io.StringIO((tmp_path / "out.csv").read_text(encoding="utf-8-sig"))))
    assert rows[1][1:6] == ["100", "不适用", "不适用", "不适用", "不适用"]
    assert rows[2][1:7] == ["", "20", "25", "-5", "15", ""]
    cells = sheets_of(tmp_path / "out.xlsx")["结果"]
    assert cells[1][1:7] == [100, "不适用", "不适用", "不适用", "不适用", 100]
    first = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"][0]
    assert [item["points"] for item in first["items"]] == ["100", None, None, None]
    assert [item["state"] for item in first["items"]] == ["scored", *["not_applicable"] * 3]
    assert first["pools"] == []


def test_one_person_by_name_or_number(plan: Plan, facts: Path, tmp_path: Path) -> None:
    assert one_result(plan, read_facts(facts, plan), "张三").total == Decimal("83.8")
    assert one_result(plan, read_facts(facts, plan), "1001").total == Decimal("83.8")
    with pytest.raises(InputError, match="没有「钱七」"):
        one_result(plan, read_facts(facts, plan), "钱七")
    with pytest.raises(InputError, match="第5行"):
        one_result(plan, read_facts(facts, plan), "赵六")
    twice = tmp_path / "twice.csv"
    twice.write_text("姓名,工号\n张三,1\n张三,2\n3,3\n", encoding="utf-8")
    with pytest.raises(InputError, match="有 2 个：第2行、第3行"):
        one_result(plan, read_facts(twice, plan), "张三")
    assert one_result(plan, read_facts(twice, plan), "3").total is None


def test_faults_beyond_a_thousand_are_only_counted(plan: Plan, facts: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(results_module, "KEPT_FAULTS", 1)
    bad = computed(plan, facts)[3]
    summary = Summary()
    for _ in range(3):
        summary.add(bad)
    assert (summary.fault_count, len(summary.faults)) == (3, 1)
    assert summary.to_dict()["errors_left_out"] == 2
    assert str(summary) == "3 行，已评分 0，有误 3"


# ---- .xlsx -----------------------------------------------------------------------------------------------------------


def test_a_workbook_opened_again_holds_what_was_computed(plan: Plan, facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    summary = write_results(out, plan, read_facts(facts, plan))
    assert (summary.rows, summary.scored, summary.pending, summary.faulty) == (5, 3, 1, 1)
    sheets = sheets_of(out)
    assert list(sheets) == ["结果", "说明"]
    layout = Layout.of(plan, read_facts(facts, plan))
    assert sheets["结果"][0] == list(layout.header)
    for row, result in zip(sheets["结果"][1:], computed(plan, facts), strict=True):
        for shown, cell in zip(row, layout.cells(result), strict=True):
            if isinstance(cell, Decimal):
                assert Decimal(repr(shown)) == cell
            else:
                assert shown == (cell or "")


def test_the_sheet_of_explanations(plan: Plan, facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    write_results(out, plan, read_facts(facts, plan))
    lines = sheets_of(out)["说明"]
    assert lines[0] == ["方案", "", "销售人员考核"]
    assert ["版本", "", "2026-1"] in lines
    assert {line[0] for line in lines} >= {"口径", "规则", "事实表", "结果", "有误"}
    assert [line[1] for line in lines if line[0] == "规则"] == ["回款率", "新客户数", "客户满意度", "投诉"]
    (fault,) = [line for line in lines if line[0] == "有误"]
    assert fault[1] == "第5行"
    assert "回款率(%)" in fault[2]
    assert len([line for line in lines if line[0] in {"提示", "需确认"}]) == len(plan.notes)


def test_no_cell_of_a_workbook_is_a_formula_or_a_link(plan: Plan, facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.xlsx"
    write_results(out, plan, read_facts(facts, plan))
    with ZipFile(out) as archive:
        names = archive.namelist()
        xml = archive.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in xml
    assert "hyperlink" not in xml
    assert not [name for name in names if "externalLink" in name or "vba" in name]
    assert "=cmd|' /C calc'!A0" in str(sheets_of(out)["结果"])
    assert 'state="frozen"' in xml
    assert "autoFilter" in xml


def test_a_table_without_rows_gives_a_header(plan: Plan, tmp_path: Path) -> None:
    facts = tmp_path / "empty.csv"
    facts.write_text("姓名\n", encoding="utf-8")
    for kind in ("xlsx", "csv", "json"):
        summary = write_results(tmp_path / f"out.{kind}", plan, read_facts(facts, plan))
        assert summary.rows == 0
    assert sheets_of(tmp_path / "out.xlsx")["结果"][0][0] == "姓名"
    assert ["没有列", "回款率", "全部待定"] in sheets_of(tmp_path / "out.xlsx")["说明"]
    assert json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))["results"] == []


def test_more_rows_than_a_worksheet_holds_are_refused(
    plan: Plan, facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(workbook_module, "MAX_ROWS", 3)
    with pytest.raises(InputError, match="最多 3 行"):
        write_results(tmp_path / "out.xlsx", plan, read_facts(facts, plan))
    assert [path.name for path in tmp_path.iterdir()] == ["facts.csv"]


def test_a_missing_extra_is_named(plan: Plan, facts: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_module = builtins.__import__

    def without(name: str, *args: Any, **rest: Any) -> Any:
        if name == "xlsxwriter":
            raise ImportError(name)
        return import_module(name, *args, **rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(KpiError, match="xlsxwriter") as caught:
        write_results(tmp_path / "out.xlsx", plan, read_facts(facts, plan))
    assert 'pip install "kpilib[excel]"' in str(caught.value)
    assert write_results(tmp_path / "out.csv", plan, read_facts(facts, plan)).rows == 5


def test_a_number_that_is_no_double_goes_in_as_text(plan: Plan, facts: Path, tmp_path: Path) -> None:
    with workbook_module.Workbook(tmp_path / "big.xlsx", plan, read_facts(facts, plan)) as book:
        book._rows = 1
        book._write_number(3, Decimal("12345678901234567.89"))
        book._write_number(4, Decimal("1234567890123.45"))
        book._write_number(5, Decimal("98.35"))
        book.finish(Summary())
    row = sheets_of(tmp_path / "big.xlsx")["结果"][1]
    assert row[3:6] == ["12345678901234567.89", 1234567890123.45, 98.35]


# ---- CSV and JSON ----------------------------------------------------------------------------------------------------


def test_csv_begins_with_a_bom_and_holds_exact_numbers(plan: Plan, facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.csv"
    write_results(out, plan, read_facts(facts, plan))
    data = out.read_bytes()
    assert data.startswith(b"\xef\xbb\xbf\xe5")
    assert b"\r\r\n" not in data
    rows = list(csv.DictReader(io.StringIO(data.decode("utf-8-sig"))))
    assert [row["总分"] for row in rows] == [
        "" if result.sheet is None or result.sheet.total is None else f"{result.sheet.total:f}"
        for result in computed(plan, facts)
    ]
    assert rows[0]["投诉"] == "-5"
    assert (rows[4]["姓名"], rows[4]["工号"], rows[4]["部门"]) == ("'=cmd|' /C calc'!A0", "'+1+1", "'@SUM(A1)")


@pytest.mark.parametrize("sign", ["=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠", " =", "\u3000="])
def test_texts_that_begin_like_a_formula_are_guarded(sign: str) -> None:
    assert guarded(f"{sign}1").startswith("'")


@pytest.mark.parametrize("text", ["", "张三", "1-2", "a=b", "'x", "欧阳-娜娜"])
def test_other_texts_stay(text: str) -> None:
    assert guarded(text) == text


def test_json_is_exact_and_has_a_format_version(plan: Plan, facts: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.json"
    write_results(out, plan, read_facts(facts, plan))
    document = json.loads(out.read_text(encoding="utf-8"), parse_float=lambda text: pytest.fail(f"a float: {text}"))
    assert document["format"] == 1
    assert document["plan"] == "销售人员考核"
    first = document["results"][0]
    assert first["who"] == {"姓名": "张三", "工号": "1001", "部门": "一部"}
    assert (first["total"], first["grade"], first["coefficient"]) == ("83.8", "良好", "1")
    assert first["items"][0] == {"name": "回款率", "points": "30.8", "state": "scored", "reason": ""}
    assert first["pools"] == [{"group": "客户关系", "points": "15"}]
    assert document["results"][3]["errors"][0]["column"] == "回款率(%)"
    assert document["summary"]["faulty"] == 1


def test_rows_are_written_as_they_come(plan: Plan, facts: Path) -> None:
    out = io.StringIO()
    writer = CsvWriter(out, plan, read_facts(facts, plan))
    seen = []
    pour(writer, score_rows(plan, read_facts(facts, plan)), progress=lambda rows: seen.append((rows, out.tell())))
    assert [rows for rows, _ in seen] == [1, 2, 3, 4, 5]
    assert sorted({size for _, size in seen}) == [size for _, size in seen]


# ---- whole or not at all ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["csv", "xlsx", "json"])
def test_nothing_is_half_written(kind: str, plan: Plan, tmp_path: Path) -> None:
    facts = tmp_path / "facts.csv"
    head = FACTS.partition("\n")[0] + "\n"
    rows = "".join(f"人{number},{number},一部,90,10,90,0\n" for number in range(3_000))
    # Damage far behind what is looked at when the table is opened.
    facts.write_bytes((head + rows).encode() + b"\xff\xfe\n")
    out = tmp_path / f"out.{kind}"
    out.write_bytes(b"old")
    with pytest.raises(InputError, match="UTF-8"):
        write_results(out, plan, read_facts(facts, plan))
    assert out.read_bytes() == b"old"
    assert sorted(path.name for path in tmp_path.iterdir()) == ["facts.csv", out.name]


def test_results_never_replace_their_facts(plan: Plan, facts: Path) -> None:
    with pytest.raises(InputError, match="同一个文件"):
        write_results(facts, plan, read_facts(facts, plan))
    assert facts.read_text(encoding="utf-8") == FACTS


def test_old_permissions_and_links_stay(tmp_path: Path) -> None:
    target = tmp_path / "real.txt"
    target.write_text("old", encoding="utf-8")
    target.chmod(0o640)
    link = tmp_path / "link.txt"
    link.symlink_to(target)
    with replacing(link) as beside:
        beside.write_text("new", encoding="utf-8")
    assert link.is_symlink()
    assert target.read_text(encoding="utf-8") == "new"
    assert stat.S_IMODE(target.stat().st_mode) == 0o640
    before = os.umask(0o022)
    try:
        with replacing(tmp_path / "fresh.txt") as beside:
            beside.write_text("x", encoding="utf-8")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "fresh.txt").stat().st_mode) == 0o644


@pytest.mark.parametrize("name", ["none/out.csv", ".", "out.txt", "out"])
def test_a_place_that_cannot_be_written_is_an_error(name: str, plan: Plan, facts: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError) as caught:
        write_results(tmp_path / name, plan, read_facts(facts, plan))
    assert caught.value.code == "KPI807"
    with pytest.raises(InputError, match="文件夹"), replacing(tmp_path):
        pass


# ---- on a terminal ---------------------------------------------------------------------------------------------------


def test_columns_line_up_where_characters_are_wide(plan: Plan, facts: Path) -> None:
    shown = results_table(plan, read_facts(facts, plan), computed(plan, facts)).splitlines()
    assert shown[0].split() == ["姓名", "工号", "部门", "业绩", "客户关系", "总分", "等级", "系数"]
    ends = {display_width(line[: line.index("一部") + 2]) for line in shown if "一部" in line}
    assert len(ends) == 1
    assert {display_width(line) for line in shown[:4]} == {display_width(shown[1])}


def test_a_table_obeys_nobody() -> None:
    assert "\x1b" not in table(["姓名"], [["张\x1b[2J三\n\u202e"]])
    assert plain("a\u2028b") == "a·b"


@pytest.mark.parametrize("columns", [8, 20, 33])
def test_wrapped_text_keeps_every_word(columns: int) -> None:
    text = "按方案给一张表里的人打分（写错的行列出来），其余照常：kpilib run 85.4%。"
    lines = wrapped(text, columns)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(display_width(line) <= columns + 4 for line in lines)
    assert not any(line.startswith(("，", "。", "）", "：")) for line in lines)
