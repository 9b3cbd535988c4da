"""The blank workbook of a plan: filled in it runs, it holds nobody's formulas, and what is still empty is told."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from click.testing import CliRunner, Result
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from kpilib.cli import main
from kpilib.errors import InputError, TemplateError
from kpilib.output import gather
from kpilib.output.blank import GROUPINGS, MAX_NOTE, BlankColumn, blank_book, sheet_name
from kpilib.output.blank_writer import write_blank
from kpilib.output.facts import read_facts
from kpilib.output.gather import Gathered, open_facts
from kpilib.output.receipt import receipt
from kpilib.output.results import score_rows
from kpilib.output.xlsx import xlsx_sheets
from kpilib.plan import Plan, Scoresheet, load_plan, parse_plan

PLAN = """\
销售人员考核

一、业绩（60%）
（一）回款率（40%）
责任部门：财务部
考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分
（二）新客户数（20%）
责任部门：销售部
数据来源：客户档案
目标值：10家
每少1家扣2分

二、纪律（40%）
（一）出勤（20%）
责任部门：人力资源部
迟到一次扣1分，旷工一次扣5分
（二）服务态度（10%）
评分人：主管
1. 态度热情（10分）
2. 态度一般（6分）
3. 态度冷淡（0分）
（三）节省率（10%）
责任部门：财务部
每低1%扣1分
"""
HOSTILE = """\
=HYPERLINK("http://x")考核

一、=1+1（100%）
（一）=1+1（40%）
责任部门：=cmd|' /C calc'!A0
数据来源：@SUM(A1)
注：+1+1
90%以上得40分；低于90%得0分
（二）@率(%)（30%）
责任部门：[a]:*?/\\<b>这个部门的名字比三十一个字要长得多所以工作表的名字只能截短一部分
90%以上得30分；低于90%得0分
（三）@率（30%）
责任部门：History
1. @优（30分）
2. @差（0分）
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(PLAN)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plan.kpi").write_text(PLAN, encoding="utf-8")
    return tmp_path


def kpilib(*args: str) -> Result:
    result = CliRunner().invoke(main, args)
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


def headers(path: Path) -> dict[str, list[str]]:
    """The first row of every sheet that is shown."""
    book = CalamineWorkbook.from_path(path)
    return {name: [str(cell) for cell in book.get_sheet_by_name(name).to_python()[0]] for name in xlsx_sheets(path)}


def fill(path: Path, people: Sequence[dict[str, Any]]) -> None:
    """Fill in every sheet by its headers, as a person would."""
    book = openpyxl.load_workbook(path)
    for sheet in book.worksheets:
        names = [cell.value for cell in sheet[1]]
        if "姓名" in names:
            for row, person in enumerate(people, 2):
                for column, name in enumerate(names, 1):
                    if name in person:
                        sheet.cell(row, column, person[name])
    book.save(path)


def written(path: Path, plan: Plan, *, by: str = GROUPINGS[0], **options: Any) -> tuple[Path, ...]:
    return write_blank(path, plan, blank_book(plan, by=by), **options)


# ---- the workbook ----------------------------------------------------------------------------------------------------


def test_each_department_has_a_sheet_with_the_columns_that_run_reads(plan: Plan, tmp_path: Path) -> None:
    written(tmp_path / "b.xlsx", plan)
    assert headers(tmp_path / "b.xlsx") == {
        "财务部": ["姓名", "工号", "部门", "回款率(%)", "节省率(%)", "节省率.目标值(%)"],
        "销售部": ["姓名", "工号", "部门", "新客户数(家)"],
        "人力资源部": ["姓名", "工号", "部门", "出勤.迟到(次)", "出勤.旷工(次)"],
        "未写责任部门": ["姓名", "工号", "部门", "服务态度"],
        "填写说明": ["填写说明", "", "", ""],
    }


def test_sheets_may_be_made_by_source_or_rater(plan: Plan) -> None:
    assert [sheet.name for sheet in blank_book(plan, by="数据来源").sheets] == ["客户档案", "未写数据来源"]
    assert [sheet.name for sheet in blank_book(plan, by="评分人").sheets] == ["主管", "未写评分人"]


def test_a_plan_without_departments_has_one_sheet() -> None:
    plain = parse_plan("考核\n一、业绩（100%）\n（一）率（100%）\n90%以上得100分；低于90%得0分\n")
    assert [sheet.name for sheet in blank_book(plain).sheets] == ["事实"]


@pytest.mark.parametrize("text", [PLAN, HOSTILE, load_plan("大客户专员").source])
def test_every_header_is_read_back_as_its_own_input(text: str, tmp_path: Path) -> None:
    plan = parse_plan(text)
    written(tmp_path / "b.xlsx", plan)
    for sheet in blank_book(plan).sheets:
        table = read_facts(tmp_path / "b.xlsx", plan, sheet=sheet.name)
        found = [(column.role, column.name) for column in table.columns if column.role != "who"]
        assert found == [(column.role, column.name) for column in sheet.columns]
        for column, blank in zip([one for one in table.columns if one.role != "who"], sheet.columns, strict=True):
            if blank.header.endswith(f"({blank.unit})"):
                assert column.unit is not None
                assert column.unit.symbol in (blank.unit, "ratio")


def test_a_declared_unit_stands_in_the_header() -> None:
    plan = parse_plan(
        "考核\n一、业绩（100%）\n（一）回款（50%）\n目标值：100万元\n计量单位：元\n每少1万元扣1分\n"
        "（二）用时（50%）\n5天以内得50分；超过5天得0分\n"
    )
    (sheet,) = blank_book(plan).sheets
    assert [column.header for column in sheet.columns] == ["回款(元)", "用时(天)"]


def test_labels_are_picked_from_a_list_and_counts_are_whole(plan: Plan, tmp_path: Path) -> None:
    written(tmp_path / "b.xlsx", plan)
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    (choice,) = [rule for rule in book["未写责任部门"].data_validations.dataValidation if rule.type == "list"]
    assert choice.formula1 == "'选项'!$A$1:$A$4"
    assert str(choice.sqref) == "D2:D1048576"
    assert book["选项"].sheet_state == "hidden"
    assert [cell.value for cell in book["选项"]["A"]] == ["态度热情", "态度一般", "态度冷淡", "不适用"]
    counts = [rule for rule in book["人力资源部"].data_validations.dataValidation if rule.type == "custom"]
    assert [(str(rule.sqref), rule.formula1) for rule in counts] == [
        ("D2:D1048576", 'OR(AND(ISNUMBER(D2),D2>=0,D2=INT(D2)),D2="不适用",D2="待定")'),
        ("E2:E1048576", 'OR(AND(ISNUMBER(E2),E2>=0,E2=INT(E2)),E2="不适用",E2="待定")'),
    ]
    note = book["财务部"]["D1"].comment.text
    assert "规则：目标值为90%；每低1%扣2分；小于70%不得分" in note
    assert "责任部门：财务部" in note
    # In any other format, 85.4% typed in would stay a bare 0.854; numbers of people stay as they are typed.
    widths = book["财务部"].column_dimensions
    assert (widths["D"].number_format, widths["A"].number_format) == ("General", "@")


def test_the_guide_names_every_column_with_its_rule(plan: Plan, tmp_path: Path) -> None:
    written(tmp_path / "b.xlsx", plan)
    rows = CalamineWorkbook.from_path(tmp_path / "b.xlsx").get_sheet_by_name("填写说明").to_python()
    assert [row[1] for row in rows if row[0] == "方案"] == ["销售人员考核"]
    listed = [row[1] for row in rows[rows.index(["工作表", "列", "单位", "规则"]) + 1 :]]
    assert listed == [column.header for sheet in blank_book(plan).sheets for column in sheet.columns]


def test_texts_from_a_plan_are_never_formulas(tmp_path: Path) -> None:
    plan = parse_plan(HOSTILE)
    written(tmp_path / "b.xlsx", plan, people=[{"姓名": "=1+1", "工号": "@x", "部门": "-1"}])
    book = openpyxl.load_workbook(tmp_path / "b.xlsx")
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in cells} == {"s"}
    assert all(sheet.protection.sheet is False for sheet in book.worksheets)
    assert [column.header for sheet in blank_book(plan).sheets for column in sheet.columns] == [
        "=1+1(%)",
        "@率(%)(%)",
        "@率",
    ]
    assert all(len(name) <= 31 and not set(name) & set("[]:*?/\\<>") for name in book.sheetnames)


def test_a_header_whose_unit_would_make_it_another_indicator_has_none() -> None:
    plan = parse_plan(
        "考核\n一、业绩（100%）\n（一）率（50%）\n90%以上得50分；低于90%得0分\n"
        "（二）率(%)（50%）\n90%以上得50分；低于90%得0分\n"
    )
    assert [column.header for column in blank_book(plan).sheets[0].columns] == ["率", "率(%)(%)"]


def test_names_of_sheets_and_files() -> None:
    used: set[str] = set()
    names = ["财务部", "财务部 ", "History", "", "'", "a/b\\c", "CON.", "部" * 50, "部" * 40, "Ab", "aB"]
    made = [sheet_name(name, used) for name in names]
    assert made[:4] == ["财务部", "财务部 2", "History_", "表"]
    assert len({name.lower() for name in made}) == len(names)
    assert all(0 < len(name) <= 31 for name in made)


def test_long_notes_are_cut() -> None:
    remark = "很长的备注" * 500
    plan = parse_plan(f"考核\n一、业绩（100%）\n（一）率（100%）\n注：{remark}\n90%以上得100分；低于90%得0分\n")
    assert len(blank_book(plan).sheets[0].columns[0].note) <= MAX_NOTE + 1


def test_an_indicator_may_not_take_every_name_of_a_person() -> None:
    one = parse_plan("考核\n一、业绩（100%）\n（一）工号（100%）\n90%以上得100分；低于90%得0分\n")
    assert blank_book(one).identity == ("姓名", "部门")
    both = "考核\n一、业绩（100%）\n（一）工号（50%）\n90%以上得50分；低于90%得0分\n（二）姓名（50%）\n90%以上得50分；低于90%得0分\n"
    with pytest.raises(InputError, match="给指标改名"):
        blank_book(parse_plan(both))


def test_a_plan_with_blanks_is_refused() -> None:
    plan = parse_plan("考核\n一、业绩（100%）\n（一）率（100%）\n目标值：90%\n每低__%扣2分\n")
    with pytest.raises(TemplateError):
        blank_book(plan)


def test_a_file_that_is_there_is_not_written_over(plan: Plan, tmp_path: Path) -> None:
    (tmp_path / "b.xlsx").write_bytes(b"filled in")
    with pytest.raises(InputError, match="已经有了"):
        written(tmp_path / "b.xlsx", plan)
    assert (tmp_path / "b.xlsx").read_bytes() == b"filled in"
    (tmp_path / "c-销售部.xlsx").write_bytes(b"filled in")
    with pytest.raises(InputError, match="已经有了"):
        written(tmp_path / "c.xlsx", plan, split=True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["b.xlsx", "c-销售部.xlsx"]
    with pytest.raises(InputError, match="不认识的文件类型"):
        written(tmp_path / "b.csv", plan)


@pytest.mark.skipif(shutil.which("soffice") is None, reason="LibreOffice is not installed")
def test_libreoffice_opens_it_and_keeps_what_matters(plan: Plan, tmp_path: Path) -> None:
    written(tmp_path / "b.xlsx", plan, people=[{"姓名": "=1+1", "工号": "007"}])
    command = [
        "soffice",
        f"-env:UserInstallation=file://{tmp_path}/home",
        "--headless",
        "--convert-to",
        "xlsx:Calc MS Excel 2007 XML",
    ]
    subprocess.run([*command, "--outdir", str(tmp_path / "out"), str(tmp_path / "b.xlsx")], check=True, timeout=120, capture_output=True)  # fmt: skip
    book = openpyxl.load_workbook(tmp_path / "out" / "b.xlsx")
    assert book.sheetnames == ["财务部", "销售部", "人力资源部", "未写责任部门", "填写说明", "选项"]
    assert (book["财务部"]["A2"].value, book["财务部"]["A2"].data_type, book["财务部"]["B2"].value) == (
        "=1+1",
        "s",
        "007",
    )
    kinds = {sheet.title: [rule.type for rule in sheet.data_validations.dataValidation] for sheet in book.worksheets}
    assert kinds["未写责任部门"] == ["list"]
    assert set(kinds["人力资源部"]) == {"custom"}


# ---- filled in, it runs ----------------------------------------------------------------------------------------------


def values(column: BlankColumn) -> st.SearchStrategy[tuple[Any, Any]]:
    """What is typed into a cell, and what it means to `Plan.score`."""
    if column.labels:
        return st.sampled_from(column.labels).map(lambda label: (label, label))
    if column.whole:
        return st.integers(0, 30).map(lambda n: (n, f"{n}{column.unit}"))
    digits = st.integers(0, 15_000).map(lambda n: Decimal(n) / 100)
    return digits.map(lambda n: (float(n), f"{n}{column.unit}"))


def points(sheet: Scoresheet) -> list[tuple[str, Decimal | None, str]]:
    return [(item.name, item.points, item.state) for item in sheet.items.values()]


@pytest.mark.parametrize("name", ["own", "大客户专员"])
@settings(max_examples=12, deadline=None, phases=(Phase.generate,))  # an example takes too long to be shrunk
@given(data=st.data())
def test_filled_with_valid_values_it_scores_as_the_plan_does(
    name: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    plan = parse_plan(PLAN) if name == "own" else load_plan(name)
    by = data.draw(st.sampled_from(GROUPINGS))
    split = data.draw(st.booleans())
    columns = [column for sheet in blank_book(plan, by=by).sheets for column in sheet.columns]
    people, wanted = [], []
    for number in range(data.draw(st.integers(1, 3))):
        typed: dict[str, Any] = {"姓名": "张三", "工号": f"00{number}", "部门": "一部"}
        facts: dict[str, Any] = {}
        targets: dict[str, Any] = {}
        for column in columns:
            # Of an indicator with several inputs, one alone cannot be 不适用.
            words = ["空"] if column.role == "target" or "." in column.name else ["空", "不适用"]
            what = data.draw(st.sampled_from(["value"] * 8 + words))
            if what == "空":
                continue
            cell, meant = (what, what) if what == "不适用" else data.draw(values(column))
            typed[column.header] = cell
            (targets if column.role == "target" else facts)[column.name] = meant
        people.append(typed)
        wanted.append((facts, targets))
    folder = tmp_path_factory.mktemp("blank")
    for path in written(folder / "b.xlsx", plan, by=by, split=split):
        fill(path, people)
    results = list(score_rows(plan, open_facts([folder], plan)))
    assert [result.who["工号"] for result in results] == [person["工号"] for person in people]
    for result, (facts, targets) in zip(results, wanted, strict=True):
        assert result.sheet is not None, result.faults
        expected = plan.score(facts, targets=targets)
        assert points(result.sheet) == points(expected)
        assert (result.sheet.total, result.sheet.grade) == (expected.total, expected.grade)


def test_the_departments_files_are_put_together_by_run(folder: Path) -> None:
    people = "姓名,工号,部门\n张三,001,一部\n李四,002,二部\n"
    (folder / "people.csv").write_text(people, encoding="utf-8")
    made = kpilib("facts", "plan.kpi", "--people", "people.csv", "--out", "b.xlsx", "--split")
    assert (made.exit_code, made.stdout.count("写了")) == (0, 4)
    full = {"回款率(%)": 85.4, "节省率(%)": 8, "节省率.目标值(%)": 10, "新客户数(家)": 9, "出勤.迟到(次)": 1, "出勤.旷工(次)": 0, "服务态度": "态度一般"}  # fmt: skip
    paths = sorted(folder.glob("b-*.xlsx"))
    for path in paths:
        fill(path, [full, {"回款率(%)": 100}])
    args = [arg for path in paths for arg in ("--facts", path.name)]
    result = kpilib("run", "plan.kpi", *args, "--json")
    document = json.loads(result.stdout)
    assert result.exit_code == 0
    assert [(one["who"], one["state"], one["total"]) for one in document["results"]] == [
        ({"姓名": "张三", "工号": "001", "部门": "一部"}, "已评分", "81.8"),
        ({"姓名": "李四", "工号": "002", "部门": "二部"}, "待定", None),
    ]
    explained = kpilib("explain", "--plan", "plan.kpi", *args, "--who", "001")
    assert "总分：81.8 分" in explained.stdout
    out = kpilib("run", "plan.kpi", *args, "--out", "r.xlsx")
    assert out.stdout == "2 行，已评分 1，待定 1；结果在 r.xlsx\n"
    notes = CalamineWorkbook.from_path(folder / "r.xlsx").get_sheet_by_name("说明").to_python()
    assert [row[2] for row in notes if row[0] == "事实表"] == [path.name for path in paths]
    over = kpilib("run", "plan.kpi", *args, "--out", paths[2].name)
    assert (over.exit_code, "同一个文件" in over.stderr) == (1, True)


# ---- several tables --------------------------------------------------------------------------------------------------


def csvs(folder: Path, *texts: str) -> list[Path]:
    paths = [folder / f"{number}.csv" for number in range(1, len(texts) + 1)]
    for path, text in zip(paths, texts, strict=True):
        path.write_text(text, encoding="utf-8")
    return paths


def test_two_values_for_one_cell_name_both_places(plan: Plan, tmp_path: Path) -> None:
    first, second = "工号,姓名,回款率(%)\n1,张三,85.4\n2,李四,90\n", "工号,回款率,出勤.迟到\n2,90%,0\n1,86%,1\n"
    table = open_facts(csvs(tmp_path, first, second), plan)
    zhang, li = table
    assert [str(fault.error.message) for fault in zhang.faults] == [
        "张三的「回款率」有两个值：1.csv C2 是 85.4%，2.csv B3 是 86%"
    ]
    assert not li.faults
    assert (li.facts["回款率"].base, str(li.facts["出勤.迟到"])) == (Decimal("0.9"), "0")  # type: ignore[union-attr]
    assert [result.state for result in score_rows(plan, [zhang, li])] == ["有误", "待定"]


@pytest.mark.parametrize(
    ("first", "second", "same"),
    [
        ("新客户数\n9", "新客户数\n9家", True),
        ("新客户数\n9", "新客户数\n10", False),
        ("回款率(%)\n85.4", "回款率(比值)\n0.854", True),
        ("服务态度\n态度热情", "服务态度\n态度 热情", True),
        ("服务态度\n态度热情", "服务态度\n不适用", False),
        ("回款率(%)\n85", "回款率\n不适用", False),
        ("回款率(%)\n85", "回款率\n待定", True),
        ("节省率.目标值\n10%", "节省率.目标值\n12%", False),
        ("部门\n一部", "部门\n二部", False),
    ],
)
def test_what_says_the_same_is_no_conflict(first: str, second: str, same: bool, plan: Plan, tmp_path: Path) -> None:
    texts = [f"工号,{text.splitlines()[0]}\n1,{text.splitlines()[1]}\n" for text in (first, second)]
    (row,) = open_facts(csvs(tmp_path, *texts), plan)
    assert bool(row.faults) != same
    assert all("1.csv B2" in fault.error.message and "2.csv B2" in fault.error.message for fault in row.faults)


def test_people_are_told_apart_by_what_all_tables_have(plan: Plan, tmp_path: Path) -> None:
    table = open_facts(
        csvs(tmp_path, "姓名,部门,回款率(%)\n张三,一部,90\n张三,二部,80\n", "姓名,部门,新客户数\n张三,二部,10\n"), plan
    )
    assert [(row.who["部门"], sorted(row.facts)) for row in table] == [
        ("一部", ["回款率"]),
        ("二部", ["回款率", "新客户数"]),
    ]
    assert isinstance(table, Gathered)
    assert table.identity == ("姓名", "部门")
    assert table.missing == ("出勤.迟到", "出勤.旷工", "服务态度", "节省率")


def test_namesakes_that_another_table_cannot_tell_apart_are_a_fault(plan: Plan, tmp_path: Path) -> None:
    table = open_facts(csvs(tmp_path, "姓名,工号,回款率(%)\n张三,1,90\n张三,2,90\n", "姓名,新客户数\n张三,10\n"), plan)
    (row,) = table
    messages = [fault.error.message for fault in row.faults]
    assert "1.csv 第3行「姓名」：张三 在第2行已经有了，别的表分不清是谁" in messages


def test_tables_without_a_common_name_do_not_fit_together(plan: Plan, tmp_path: Path) -> None:
    paths = csvs(tmp_path, "工号,回款率(%)\n1,90\n", "姓名,新客户数\n张三,10\n")
    with pytest.raises(InputError, match=r"2\.csv 没有「工号」列，1\.csv 没有「姓名」列") as caught:
        open_facts(paths, plan)
    assert caught.value.code == "KPI803"


def test_faults_say_which_table_they_are_in(plan: Plan, tmp_path: Path) -> None:
    first = "工号,回款率(%),服务态度\n1,八成,态度很好\n,90,\n"
    table = open_facts(csvs(tmp_path, first, "工号,新客户数\n1,9.5\n2,9\n"), plan)
    rows = list(table)
    assert [row.who.get("工号") for row in rows] == ["1", None, "2"]
    assert [fault.error.message for row in rows for fault in row.faults] == [
        "1.csv 第2行「回款率(%)」：八成 不是一个带单位的数",
        "1.csv 第3行「工号」：空着",
    ]
    fine = open_facts(csvs(tmp_path, "工号,服务态度\n1,态度很好\n", "工号,新客户数\n1,9.5\n"), plan)
    (result,) = score_rows(plan, fine)
    messages = [fault.error.message for fault in result.faults]
    assert messages[0].startswith("2.csv 第2行「新客户数」：")
    assert messages[1].startswith("1.csv 第2行「服务态度」：")


def test_a_wrong_header_says_which_table_it_is_in(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"2\.csv 表头：方案里没有") as caught:
        open_facts(csvs(tmp_path, "工号,回款率(%)\n1,90\n", "工号,回款律\n1,90\n"), plan)
    assert "回款率" in caught.value.hint


def workbook(path: Path, **sheets: list[list[Any]]) -> Path:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_sheets_that_hold_no_facts_are_left_alone_or_named(plan: Plan, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "f.xlsx",
        首页=[["说明", "这是首页"], ["x", "y"]],
        业绩=[["姓名", "回款率(%)"], ["张三", 90]],
        通讯录=[["姓名", "电话"], ["张三", "123"]],
        名单=[["姓名", "部门"], ["张三", "一部"], ["李四", "二部"]],
    )
    table = open_facts([path], plan)
    assert [dict(row.who) for row in table] == [{"姓名": "张三", "部门": "一部"}, {"姓名": "李四", "部门": "二部"}]
    assert table.skipped == ("f.xlsx「通讯录」没有方案的指标",)
    assert table.paths == (path,)
    alone = open_facts([path], plan, sheet="业绩")
    assert not isinstance(alone, Gathered)
    assert [dict(row.who) for row in alone] == [{"姓名": "张三"}]


def test_a_sheet_with_facts_but_without_people_is_an_error(plan: Plan, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "f.xlsx", 业绩=[["姓名", "回款率(%)"], ["张三", 90]], 另=[["员工", "新客户数"], ["张三", 9]]
    )
    with pytest.raises(InputError, match=r"「另」 表头：方案里没有"):
        open_facts([path], plan)
    nothing = workbook(tmp_path / "n.xlsx", 甲=[["随便"]], 乙=[["x"]])
    with pytest.raises(InputError, match="表头"):
        open_facts([nothing], plan)


def test_a_folder_is_all_tables_in_it(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"没有 \.xlsx 和 \.csv"):
        open_facts([tmp_path], plan)
    csvs(tmp_path, "工号,回款率(%)\n1,90\n", "工号,新客户数\n1,9\n")
    (tmp_path / "~$1.csv").write_text("Excel's own", encoding="utf-8")
    (tmp_path / "note.txt").write_text("nothing", encoding="utf-8")
    (row,) = open_facts([tmp_path, tmp_path / "1.csv"], plan)
    assert sorted(row.facts) == ["回款率", "新客户数"]
    assert not row.faults


def test_how_much_is_put_together_is_bounded(plan: Plan, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = csvs(tmp_path, "工号,回款率(%)\n1,90\n2,90\n", "工号,新客户数\n3,9\n")
    monkeypatch.setattr(gather, "MAX_PEOPLE", 2)
    with pytest.raises(InputError, match="超过 2 人"):
        open_facts(paths, plan)
    monkeypatch.setattr(gather, "MAX_TABLES", 1)
    with pytest.raises(InputError, match="超过 1 张"):
        open_facts(paths, plan)


# ---- what has come in ------------------------------------------------------------------------------------------------


def test_what_is_still_empty_is_told_by_department(folder: Path, plan: Plan) -> None:
    first = "姓名,回款率(%),节省率(%),节省率.目标值\n张三,90,8,10%\n李四,90,,\n"
    second = (
        "姓名,新客户数,出勤.迟到,出勤.旷工,服务态度\n张三,9,0,0,不适用\n李四,9,待定,0,态度热情\n王五,1,1,1,态度热情\n"
    )
    csvs(folder, first, second)
    result = kpilib("facts", "plan.kpi", "--check", "1.csv", "--check", "2.csv")
    assert (result.exit_code, result.stderr) == (1, "")
    assert result.stdout == (
        "3 人，要填 21 格，还缺 6 格\n"
        "财务部：\n"
        "  回款率(%)：缺 1 人，王五\n"
        "  节省率(%)：缺 2 人，李四、王五\n"
        "  节省率.目标值(%)：缺 2 人，李四、王五\n"
        "人力资源部：\n"
        "  出勤.迟到(次)：缺 1 人，李四\n"
    )
    document = json.loads(kpilib("facts", "plan.kpi", "--check", "1.csv", "--check", "2.csv", "--json").stdout)
    assert (document["complete"], document["still"]) == (False, 6)
    assert document["missing"][1] == {"owner": "财务部", "column": "节省率(%)", "count": 2, "people": ["李四", "王五"]}


def test_all_there_is_fine(folder: Path) -> None:
    csvs(
        folder,
        "姓名,工号,回款率(%),节省率(%),节省率.目标值,新客户数,出勤.迟到,出勤.旷工,服务态度\n张三,1,90,8,10%,9,0,0,不适用\n",
    )
    result = kpilib("facts", "plan.kpi", "--check", "1.csv")
    assert (result.exit_code, result.stdout) == (0, "1 人，要填 7 格，都填了\n")


def test_what_is_wrong_is_not_told_as_empty(folder: Path) -> None:
    csvs(
        folder,
        "姓名,回款率(%),节省率(%),节省率.目标值,新客户数,出勤.迟到,出勤.旷工,服务态度\n张三,八成,8,十,9,0,0,态度热情\n",
    )
    result = kpilib("facts", "plan.kpi", "--check", "1.csv")
    assert (result.exit_code, result.stdout.splitlines()[0]) == (1, "1 人，要填 7 格，都填了，有误 2 处")
    assert "第2行「回款率(%)」" in result.stderr


def test_a_roster_names_those_who_are_nowhere(folder: Path, plan: Plan) -> None:
    csvs(folder, "姓名,工号\n张三,1\n李四,2\n张三,3\n", "姓名,工号,新客户数\n张三,1,9\n")
    book = blank_book(plan)
    roster = [row.who for row in open_facts(["1.csv"], plan)]
    found = receipt(book, open_facts(["2.csv"], plan), roster=roster)
    assert found.people == 3
    (customers,) = [one for one in found.missing if one.column == "新客户数(家)"]
    assert customers.people == ("李四（2）", "张三（3）")
    csvs(folder, "姓名,工号\n张三,1\n李四,2\n", "姓名,新客户数\n张三,9\n")
    assert (
        receipt(book, open_facts(["2.csv"], plan), roster=[row.who for row in open_facts(["1.csv"], plan)]).people == 2
    )


def test_nobody_is_not_complete(folder: Path) -> None:
    made = kpilib("facts", "plan.kpi", "--out", "b.xlsx")
    assert made.stdout == "写了 b.xlsx\n"
    result = kpilib("facts", "plan.kpi", "--check", "b.xlsx")
    assert (result.exit_code, result.stdout) == (1, "0 人，要填 0 格，还没有人\n")


def test_many_people_are_counted(plan: Plan, tmp_path: Path) -> None:
    text = "姓名,新客户数\n" + "".join(f"员工{number},\n" for number in range(30)) + "张三,9\n"
    found = receipt(blank_book(plan), open_facts(csvs(tmp_path, text), plan))
    (line,) = [str(one) for one in found.missing if one.column == "新客户数(家)"]
    assert line.startswith("新客户数(家)：缺 30 人，员工0、员工1、")
    assert line.endswith("员工9 等")
    (other,) = [str(one) for one in found.missing if one.column == "回款率(%)"]
    assert other == "回款率(%)：31 人全缺"


# ---- the command -----------------------------------------------------------------------------------------------------


def test_facts_lists_the_columns(folder: Path) -> None:
    result = kpilib("facts", "plan.kpi")
    assert result.exit_code == 0
    assert "每张表前面还有：姓名、工号、部门" in result.stdout
    assert "服务态度          选一项：态度热情、态度一般、态度冷淡" in result.stdout
    document = json.loads(kpilib("facts", "plan.kpi", "--json").stdout)
    assert [sheet["name"] for sheet in document["sheets"]] == ["财务部", "销售部", "人力资源部", "未写责任部门"]
    assert document["sheets"][0]["columns"][0] == {
        "header": "回款率(%)",
        "input": "回款率",
        "role": "fact",
        "unit": "%",
        "labels": [],
        "whole": False,
        "needed": True,
    }


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (("--split",), "--split 要和 --out 一起用"),
        (("--check", "x.csv", "--out", "y.xlsx"), "不能一起用"),
        (("--by", "颜色"), "--by 只能是 责任部门、数据来源、评分人"),
    ],
)
def test_options_that_do_not_fit_are_usage_errors(args: tuple[str, ...], said: str, folder: Path) -> None:
    result = kpilib("facts", "plan.kpi", *args)
    assert (result.exit_code, said in result.stderr) == (2, True), result.stderr
