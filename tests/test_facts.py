"""Tables of facts from real files: headers, units, percentage formats, hostile cells and damaged workbooks."""

import datetime
import itertools
import random
import tracemalloc
import zipfile
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
import python_calamine
import xlsxwriter

from kpilib.errors import InputError, TemplateError
from kpilib.output import cells, xlsx
from kpilib.output.cells import Cell, csv_rows
from kpilib.output.facts import FactRow, FactTable, read_facts
from kpilib.output.results import score_rows
from kpilib.output.xlsx import format_kind, xlsx_rows
from kpilib.plan import Plan, parse_plan
from kpilib.quantity import Quantity

PLAN = """\
销售人员考核

一、业绩（60%）
（一）回款率（40%）
考核目标值为90%；每低1%，减2分；低于70%，该项考核记为0分
（二）新客户数（20%）
目标值：10家
每少1家扣2分

二、纪律（40%）
（一）出勤（20%）
迟到一次扣1分，旷工一次扣5分
（二）服务态度（20%）
1. 态度热情（20分）
2. 态度一般（12分）
3. 态度冷淡（0分）
"""


@pytest.fixture(scope="module")
def plan() -> Plan:
    return parse_plan(PLAN)


@pytest.fixture
def csv_file(tmp_path: Path) -> Callable[[str | bytes], Path]:
    def write(text: str | bytes) -> Path:
        path = tmp_path / "facts.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return path

    return write


@pytest.fixture
def xlsx_file(tmp_path: Path) -> Callable[..., Path]:
    def write(*rows: list[object], number_formats: dict[int, str] | None = None) -> Path:
        path = tmp_path / "facts.xlsx"
        with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
            sheet = book.add_worksheet()
            formats = {column: book.add_format({"num_format": code}) for column, code in (number_formats or {}).items()}
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if value is not None:
                        sheet.write(number, column, value, formats.get(column) if number else None)
        return path

    return write


def one(table: FactTable) -> FactRow:
    (row,) = table
    return row


def base(value: object) -> Fraction:
    assert isinstance(value, Quantity)
    return value.base


def fault_of(table: FactTable) -> InputError:
    (fault,) = one(table).faults
    return fault.error


# ---- headers ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "cell", "ratio"),
    [
        ("回款率(%)", "85.4", "0.854"),
        ("回款率（％）", "85.4", "0.854"),
        ("回款率 (%)", "８５．４", "0.854"),
        ('"回款率\n(%)"', "85.4", "0.854"),
        ("回款率(‰)", "854", "0.854"),
        ("回款率(比值)", "0.854", "0.854"),
        ("回款率(小数)", "85.4", "85.4"),
        ("回款率(%)", "85.4%", "0.854"),
        ("回款率(%)", "854‰", "0.854"),
        ("回款率(%)", "0.854", "0.00854"),
        ("回款率", "85.4%", "0.854"),
        ("回款率", "百分之八十五", "0.85"),
        ("回款率.x(%)", "85.4", "0.854"),
    ],
)
def test_a_header_names_its_unit(
    header: str, cell: str, ratio: str, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    row = one(read_facts(csv_file(f"姓名,{header}\n张三,{cell}\n"), plan))
    assert base(row.facts["回款率"]) == Fraction(ratio)


@pytest.mark.parametrize(
    ("cell", "readings"),
    [
        ("85.4", "85.4%，还是 8540%"),
        ("0.854", "0.854%，还是 85.4%"),
        ("1", "1%，还是 100%"),
        ("0", "0%，还是 0%"),
        ("１", "1%，还是 100%"),
        ("-5", "-5%，还是 -500%"),
    ],
)
def test_a_bare_number_for_a_rate_is_refused_with_both_readings(
    cell: str, readings: str, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    error = fault_of(read_facts(csv_file(f"姓名,回款率\n张三,{cell}\n"), plan))
    assert error.code == "KPI802"
    assert error.message.startswith("第2行「回款率」：")
    assert readings in error.message
    assert "回款率(%)" in error.hint


def test_the_plan_may_settle_the_unit(csv_file: Callable[[str], Path]) -> None:
    plan = parse_plan(PLAN.replace("考核目标值为90%；", "计量单位：%\n考核目标值为90%；"))
    row = one(read_facts(csv_file("姓名,回款率\n张三,85.4\n"), plan))
    assert base(row.facts["回款率"]) == Fraction("0.854")


def test_columns_of_inputs_labels_targets_and_people(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    text = (
        "工号,姓名,部门,出勤.迟到,出勤.旷工,服务态度,新客户数,新客户数.目标值,回款率.目标值(%)\n"
        "0012,张三,一部,2,0次,态度热情,7,12家,95\n"
    )
    table = read_facts(csv_file(text), plan)
    row = one(table)
    assert row.faults == ()
    assert dict(row.who) == {"工号": "0012", "姓名": "张三", "部门": "一部"}
    assert base(row.facts["出勤.迟到"]) == 2
    assert base(row.facts["新客户数"]) == 7
    assert row.facts["服务态度"] == "态度热情"
    assert base(row.targets["新客户数"]) == 12
    assert base(row.targets["回款率"]) == Fraction("0.95")
    assert table.missing == ("回款率",)
    assert plan.score(row.facts, targets=row.targets).pending[0].item == "回款率"


@pytest.mark.parametrize(
    ("text", "code", "said"),
    [
        ("", "KPI807", "空的"),
        ("\n\n,,\n", "KPI807", "空的"),
        ("姓名,回款律\n张三,1\n", "KPI804", "是不是「回款率」"),
        ("姓名,备注\n张三,1\n", "KPI804", "B 列的列名「备注」"),
        ("姓名,回款率,回款率(%)\n", "KPI704", "B 列和 C 列都是「回款率」"),
        ("姓名,姓名\n", "KPI704", "「姓名」"),
        ("姓名,回款率(家)\n", "KPI401", "这个指标的单位是「%」"),
        ("姓名,回款率(上月)\n", "KPI401", "「上月」"),
        ("姓名(%),回款率\n", "KPI401", "没有单位"),
        ("回款率(%),新客户数\n1,2\n", "KPI803", "没有「姓名」列"),
        ("销售一部一季度事实表\n姓名,回款率\n", "KPI804", "像是表的标题"),
        ("姓名，回款率\n张三，85%\n", "KPI804", "CSV 的列之间用英文逗号"),
        ("2026年，一季度\n姓名,回款率\n", "KPI804", "像是表的标题"),
        ("姓名,服务\n", "KPI804", "是不是「服务态度」？"),
        ("姓名,服务态度的目标值\n", "KPI804", "是不是「服务态度.目标值」？"),
        ("姓名,abc\n", "KPI804", "可以有：回款率、新客户数、出勤.迟到、出勤.旷工、服务态度"),
    ],
)
def test_a_wrong_header_is_refused(
    text: str, code: str, said: str, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    with pytest.raises(InputError) as caught:
        read_facts(csv_file(text), plan)
    assert code in {finding.code for finding in caught.value.diagnostics}
    assert said in str(caught.value)


@pytest.mark.parametrize("sign", [",", "\t", ";"])
@pytest.mark.parametrize("start", ["", "\ufeff", "\n\n"])
def test_the_first_line_tells_what_stands_between_the_cells(
    start: str, sign: str, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    cell = f'"张{sign}三"'
    text = f"{start}姓名,回款率(%),新客户数\n{cell},85.4,3\n".replace(",", sign).replace(cell.replace(",", sign), cell)
    row = one(read_facts(csv_file(text), plan))
    assert row.who["姓名"] == f"张{sign}三"
    assert base(row.facts["回款率"]) == Fraction("0.854")
    assert base(row.facts["新客户数"]) == 3


def test_a_comma_in_quotes_stands_between_no_cells(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    row = one(read_facts(csv_file('姓名;"新客户数";部门\n"张,三";3;"a""b"\n'), plan))
    assert (row.who["姓名"], base(row.facts["新客户数"])) == ("张,三", 3)


@pytest.mark.parametrize("length", [30_000, 100_000, 3_000_000])
@pytest.mark.parametrize("column", range(7))
def test_a_cell_as_long_as_a_book_is_not_repeated(
    column: int, length: int, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    row = ["张三", "85", "95%", "3", "1", "0", "态度热情"]
    row[column] = ("9" if column % 2 else "长") * length
    header = "姓名,回款率(%),回款率.目标值,新客户数,出勤.迟到,出勤.旷工,服务态度"
    for text in (f"{header}\n{','.join(row)}\n", f"{','.join(row)}\n"):
        said: list[str] = []
        try:
            for result in score_rows(plan, read_facts(csv_file(text), plan)):
                said += map(str, result.faults)
        except InputError as error:
            said.append(str(error))
        assert column == 0 or said
        assert all(len(message) < 2_000 for message in said)


def test_a_cell_that_is_too_long_for_the_reader_says_so(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    with pytest.raises(InputError, match="第2行有一格超过 131072 字"):
        list(read_facts(csv_file(f"姓名,新客户数\n张三,{'9' * 200_000}\n"), plan))


def test_everything_wrong_with_a_header_is_said_at_once(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    with pytest.raises(InputError) as caught:
        read_facts(csv_file("姓名,甲,乙,回款率\n"), plan)
    assert [finding.code for finding in caught.value.diagnostics] == ["KPI804", "KPI804"]


def test_a_header_of_nothing_but_mistakes_lists_some(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    with pytest.raises(InputError) as caught:
        read_facts(csv_file("姓名," + ",".join(f"列{number}" * 100 for number in range(500))), plan)
    assert len(caught.value.diagnostics) == 20


def test_a_header_alone_has_no_rows(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    table = read_facts(csv_file("姓名,回款率(%)\n"), plan)
    assert list(table) == []
    assert table.missing == ("新客户数", "出勤.迟到", "出勤.旷工", "服务态度")


# ---- cells -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "cell",
    [
        "=cmd|' /C calc'!A0",
        "+1+1",
        "@SUM(1)",
        "NaN",
        "inf",
        "1e400%",
        "1" + "0" * 400,
        "8 5%",
        "85%%",
        "95左右",
        "八成多",
        "-",
        "x" * 40_000,
        "8\x005%",
        "85%\u202e",
        "9" * 31 + "%",
        "3家",
    ],
)
def test_a_hostile_cell_is_a_fault_that_names_its_place(cell: str, plan: Plan, csv_file: Callable[[str], Path]) -> None:
    error = fault_of(read_facts(csv_file(f"姓名,回款率\n张三,{cell}\n"), plan))
    assert error.message.startswith("第2行「回款率」：")
    assert len(str(error)) < 400


def test_money_needs_its_unit_unless_it_is_yuan(csv_file: Callable[[str], Path]) -> None:
    rule = "考核目标值为100万元；每少1万元扣1分"
    plan = parse_plan(f"考核\n\n一、业绩（100%）\n（一）回款（100%）\n{rule}\n")
    for header, cell, yuan in (
        ("回款", "85万元", 850_000),
        ("回款(万元)", "85", 850_000),
        ("回款(元)", "850,000", 850_000),
        ("回款(元)", "85万", 850_000),
        ("回款(万元)", "850000元", 850_000),
    ):
        assert base(one(read_facts(csv_file(f'姓名,{header}\n张三,"{cell}"\n'), plan)).facts["回款"]) == yuan
    for header, cell, said in (
        ("回款", "85", "没有单位"),
        ("回款(万元)", "85万", "合不到一起"),
        ("回款", "85%", "对不上"),
    ):
        assert said in fault_of(read_facts(csv_file(f"姓名,{header}\n张三,{cell}\n"), plan)).message


def test_a_target_may_have_words_around_its_number(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    row = one(read_facts(csv_file("姓名,新客户数,新客户数.目标值\n张三,7,不低于12家\n"), plan))
    assert row.targets["新客户数"] == "不低于12家"
    error = fault_of(read_facts(csv_file("姓名,回款率.目标值\n张三,95\n"), plan))
    assert error.code == "KPI802"


def test_a_plan_with_blanks_is_refused_before_the_table_is_read(csv_file: Callable[[str], Path]) -> None:
    plan = parse_plan(PLAN.replace("每少1家扣2分", "每少1家扣__分"))
    with pytest.raises(TemplateError):
        read_facts(csv_file("姓名\n"), plan)


@pytest.mark.parametrize("cell", ["", "  ", "待定", "\u3000"])
def test_an_empty_cell_is_not_known_yet(cell: str, plan: Plan, csv_file: Callable[[str], Path]) -> None:
    row = one(read_facts(csv_file(f"姓名,回款率\n张三,{cell}\n"), plan))
    assert row.faults == ()
    assert "回款率" not in row.facts


def test_not_applicable_is_a_value(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    row = one(read_facts(csv_file("姓名,回款率\n张三,不适用\n"), plan))
    assert row.facts["回款率"] == "不适用"


def test_other_rows_go_on_after_a_bad_one(plan: Plan, csv_file: Callable[[str], Path]) -> None:
    text = "姓名,回款率(%)\n张三,八成\n李四,90\n\n王五,90,7\n,90\n赵六,1家\n"
    rows = {row.row: row for row in read_facts(csv_file(text), plan)}
    assert list(rows) == [2, 3, 5, 6, 7]
    assert [number for number, row in rows.items() if not row.faults] == [3]
    assert "第5行第C列有内容，但这一列没有列名" in str(rows[5].faults[0])
    assert "第6行「姓名」：空着" in str(rows[6].faults[0])
    assert rows[7].faults[0].column == "回款率(%)"
    assert rows[7].faults[0].to_dict()["row"] == 7


@pytest.mark.parametrize(
    ("text", "second"),
    [
        ("姓名\n张三\n李四\n张三\n", "张三 在第2行已经有了"),
        ("工号,姓名\n1,张三\n2,张三\n1,李四\n", "1 在第2行已经有了"),
        ("姓名,部门\n张三,一部\n张三,二部\n张三,一部\n", "张三 在第2行已经有了"),
    ],
)
def test_a_person_twice_is_a_fault_of_the_second_row(
    text: str, second: str, plan: Plan, csv_file: Callable[[str], Path]
) -> None:
    rows = list(read_facts(csv_file(text), plan))
    assert [len(row.faults) for row in rows] == [0, 0, 1]
    assert second in rows[2].faults[0].error.message


# ---- CSV -------------------------------------------------------------------------------------------------------------


def test_csv_with_and_without_bom_quotes_and_line_ends(csv_file: Callable[[bytes], Path]) -> None:
    text = '姓名,"a,b"\r\n"张""三","x\r\ny"\r\n'
    plain = list(csv_rows(csv_file(text.encode())))
    assert plain == list(csv_rows(csv_file(text.encode("utf-8-sig"))))
    assert [cell.text for cell in plain[1].cells.values()] == ['张"三', "x\r\ny"]
    assert [row.number for row in plain] == [1, 2]


@pytest.mark.parametrize(
    ("encoding", "said"), [("gbk", "像是 GBK"), ("gb18030", "像是 GBK"), ("utf-16", "UTF-16"), ("utf-16-be", "")]
)
def test_another_encoding_is_refused_with_a_hint(
    encoding: str, said: str, plan: Plan, csv_file: Callable[[bytes], Path]
) -> None:
    with pytest.raises(InputError) as caught:
        read_facts(csv_file("姓名,回款率\n张三,85%\n".encode(encoding)), plan)
    assert caught.value.code in {"KPI703", "KPI804"}
    assert said in caught.value.message


def test_an_encoding_that_changes_far_into_the_file_is_an_error_not_a_guess(
    plan: Plan, csv_file: Callable[[bytes], Path]
) -> None:
    head = "姓名,回款率(%)\n" + "".join(f"人{number},90\n" for number in range(20_000))
    table = read_facts(csv_file(head.encode() + "张三,90\n".encode("gbk")), plan)
    with pytest.raises(InputError) as caught:
        list(table)
    assert caught.value.code == "KPI703"


@pytest.mark.parametrize("text", ['姓名\n"张三\n李四\n', '姓名\n"张三"x\n', '姓名\n"' + "x\n" * 200_000])
def test_a_quote_that_never_closes_is_an_error(text: str, plan: Plan, csv_file: Callable[[str], Path]) -> None:
    table = read_facts(csv_file(text), plan)
    with pytest.raises(InputError, match="引号"):
        list(table)


def test_a_line_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, csv_file: Callable[[str], Path]) -> None:
    monkeypatch.setattr(cells, "MAX_LINE", 1_000)
    with pytest.raises(InputError, match="没有换行"):
        list(csv_rows(csv_file("姓名," + "x" * 2_000)))


def test_too_many_columns_are_refused(monkeypatch: pytest.MonkeyPatch, csv_file: Callable[[str], Path]) -> None:
    monkeypatch.setattr(cells, "MAX_COLUMNS", 10)
    with pytest.raises(InputError, match="超过 10 列"):
        list(csv_rows(csv_file("," * 20)))


def test_memory_does_not_grow_with_the_rows(tmp_path: Path) -> None:
    path = tmp_path / "long.csv"
    with path.open("w", encoding="utf-8") as file:
        file.writelines(f"人{number},{number % 100}\n" for number in range(200_000))
    tracemalloc.start()
    try:
        assert sum(1 for _ in csv_rows(path)) == 200_000
        assert tracemalloc.get_traced_memory()[1] < 1_500_000
    finally:
        tracemalloc.stop()


def test_another_kind_of_file_is_refused(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="不认识的文件类型"):
        read_facts(tmp_path / "facts.xls", plan)
    with pytest.raises(FileNotFoundError):
        read_facts(tmp_path / "none.csv", plan)


# ---- .xlsx -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", ["0%", "0.00%", "0.0%;-0.0%", "[Red]0.0%", '0.0%;"无"', "_ 0%", "#,##0.0%", "?? %"])
def test_a_percentage_format_makes_the_cell_a_ratio(code: str, plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    for header in ("回款率", "回款率(%)"):
        row = one(read_facts(xlsx_file(["姓名", header], ["张三", 0.854], number_formats={1: code}), plan))
        assert base(row.facts["回款率"]) == Fraction("0.854")


@pytest.mark.parametrize("code", ["General", "0.00", '0.0"%"', "0.0\\%", "@", '0.0"a;b%"', "0.0%;0.0"])
def test_another_format_leaves_a_rate_without_unit(code: str, plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    error = fault_of(read_facts(xlsx_file(["姓名", "回款率"], ["张三", 85.4], number_formats={1: code}), plan))
    assert error.code == "KPI802"
    assert "85.4%，还是 8540%" in error.message
    row = one(read_facts(xlsx_file(["姓名", "回款率(%)"], ["张三", 85.4], number_formats={1: code}), plan))
    assert base(row.facts["回款率"]) == Fraction("0.854")


def test_a_percentage_for_a_count_is_refused(plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    error = fault_of(read_facts(xlsx_file(["姓名", "新客户数"], ["张三", 0.5], number_formats={1: "0%"}), plan))
    assert error.code == "KPI401"
    assert "50%" in error.message


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("yyyy-mm-dd", "date"),
        ('yyyy"年"m"月"d"日"', "date"),
        ("[h]:mm", "date"),
        ("[$-804]aaaa;@", "number"),
        ("mm:ss.0", "date"),
        ('0"days"', "number"),
        ("[Red]0", "number"),
        ("0.00E+00", "number"),
        ("General", "number"),
        ("0%", "percent"),
        ("", "number"),
    ],
)
def test_formats(code: str, kind: str) -> None:
    assert format_kind(code) == kind


def test_a_date_is_a_fault_with_the_date(plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    day = datetime.date(2026, 1, 5)
    error = fault_of(read_facts(xlsx_file(["姓名", "新客户数"], ["张三", day], number_formats={1: "m-d"}), plan))
    assert error.message == "第2行「新客户数」：这一格是日期 2026-01-05"


def test_numbers_in_cells_mean_their_shortest_decimal(plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    numbers = [0.1 + 0.2, 85.37, 1e-7, 123456789012345.0, 7.0]
    path = xlsx_file(["姓名", "回款率(%)"], *([f"人{index}", value] for index, value in enumerate(numbers)))
    found = [base(row.facts["回款率"]) * 100 for row in read_facts(path, plan)]
    assert found[1:] == [Fraction(repr(number)) for number in numbers[1:]]
    # xlsxwriter itself stores 16 digits.
    assert found[0] == Fraction("0.3")


def test_an_employee_number_keeps_the_zeros_that_its_format_shows(plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    row = one(read_facts(xlsx_file(["工号"], [12], number_formats={0: "00000"}), plan))
    assert row.who["工号"] == "00012"
    row = one(read_facts(xlsx_file(["工号"], [1001.0]), plan))
    assert row.who["工号"] == "1001"


@pytest.mark.parametrize("value", [True, "=cmd|' /C calc'!A0", "@SUM(1)", "x" * 32_767])
def test_hostile_cells_of_a_workbook(value: object, plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    error = fault_of(read_facts(xlsx_file(["姓名", "新客户数"], ["张三", value]), plan))
    assert error.message.startswith("第2行「新客户数」：")


def test_a_merged_header_leaves_a_column_without_name(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "merged.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet()
        sheet.write(0, 0, "姓名")
        sheet.merge_range(0, 1, 0, 2, "新客户数")
        sheet.write_row(1, 0, ["张三", 5, 6])
    assert "第2行第C列有内容，但这一列没有列名" in fault_of(read_facts(path, plan)).message


def test_a_formula_without_result_is_a_fault_and_not_empty(plan: Plan, tmp_path: Path) -> None:
    path = rewritten(tmp_path, [["姓名", "新客户数"], ["张三", 5]], lambda text: text.replace("<v>5</v>", "<f>2+3</f>"))
    assert "是公式" in fault_of(read_facts(path, plan)).message
    path = rewritten(
        tmp_path, [["姓名", "新客户数"], ["张三", 5]], lambda text: text.replace("<v>5</v>", "<f>2+3</f><v>5</v>")
    )
    assert base(one(read_facts(path, plan)).facts["新客户数"]) == 5
    path = rewritten(
        tmp_path,
        [["姓名", "新客户数"], ["张三", 5]],
        lambda text: text.replace('<c r="B2"><v>5</v>', '<c r="B2" t="e"><f>1/0</f><v>#DIV/0!</v>'),
    )
    assert "错误值 #DIV/0!" in fault_of(read_facts(path, plan)).message


def test_the_named_sheet_else_the_first_that_is_shown(plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "sheets.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name in ("旧", "新", "另"):
            book.add_worksheet(name).write_column(0, 0, ["姓名", name])
        book.worksheets()[1].activate()
        book.worksheets()[0].hide()
    assert one(read_facts(path, plan)).who["姓名"] == "新"
    assert one(read_facts(path, plan, sheet="旧")).who["姓名"] == "旧"
    with pytest.raises(InputError, match="没有工作表「无」"):
        read_facts(path, plan, sheet="无")


def rewritten(folder: Path, rows: list[list[Any]], change: Callable[[str], str], part: str = "sheet1.xml") -> Path:
    """A workbook of the rows, one part of which is changed as text."""
    source, path = folder / "plain.xlsx", folder / "changed.xlsx"
    with xlsxwriter.Workbook(source) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        for info in old.infolist():
            data = old.read(info)
            new.writestr(info.filename, change(data.decode()).encode() if info.filename.endswith(part) else data)
    return path


def test_entities_are_never_expanded(plan: Plan, tmp_path: Path) -> None:
    bomb = '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><worksheet/>'
    path = rewritten(tmp_path, [["姓名"]], lambda text: bomb)
    with pytest.raises(InputError, match="文档类型"):
        read_facts(path, plan)


def test_a_zip_bomb_is_refused_before_it_is_unpacked(plan: Plan, tmp_path: Path) -> None:
    path = rewritten(tmp_path, [["姓名"]], lambda text: text + " " * (xlsx.MAX_UNPACKED + 1))
    assert path.stat().st_size < 1_000_000
    tracemalloc.start()
    try:
        with pytest.raises(InputError, match="超过 200 MB"):
            read_facts(path, plan)
        assert tracemalloc.get_traced_memory()[1] < 1_000_000
    finally:
        tracemalloc.stop()


def test_a_bomb_that_lies_about_its_size_is_cut_off(plan: Plan, tmp_path: Path) -> None:
    path = rewritten(tmp_path, [["姓名"]], lambda text: text.replace("<sheetData>", "<sheetData>" + " " * 10_000_000))
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        size = next(info.file_size for info in archive.infolist() if info.filename.endswith("sheet1.xml"))
    path.write_bytes(data.replace(size.to_bytes(4, "little"), (900).to_bytes(4, "little")))
    with pytest.raises(InputError, match="读不了这个工作簿"):
        list(read_facts(path, plan))


@pytest.mark.parametrize(
    ("data", "said"), [(b"", "损坏"), (b"PK\x03\x04", "损坏"), (b"\xd0\xcf\x11\xe0" + b"\0" * 600, "旧的 .xls")]
)
def test_what_is_no_workbook_is_refused(data: bytes, said: str, plan: Plan, tmp_path: Path) -> None:
    path = tmp_path / "no.xlsx"
    path.write_bytes(data)
    with pytest.raises(InputError, match=said):
        read_facts(path, plan)


def test_a_damaged_workbook_is_an_input_error_whatever_is_damaged(plan: Plan, xlsx_file: Callable[..., Path]) -> None:
    path = xlsx_file(["姓名", "回款率"], ["张三", 0.9], ["李四", "x"], number_formats={1: "0%"})
    whole = path.read_bytes()
    chance = random.Random(20261124)
    refused = 0
    for _ in range(300):
        data = bytearray(whole)
        for _ in range(chance.choice((1, 3, 20))):
            data[chance.randrange(len(data))] = chance.randrange(256)
        path.write_bytes(data[: chance.choice((len(data), chance.randrange(len(data))))])
        try:
            list(read_facts(path, plan))
        except InputError:
            refused += 1
    assert refused > 100


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("</row>", ""),
        lambda text: text.replace("<v>0</v>", "<v>99</v>"),
        lambda text: text.replace("<v>0</v>", "<v>-1</v>"),
        lambda text: text.replace("<v>0</v>", "<v>²</v>"),
        lambda text: text.replace('r="B2"', 'r="ZZZ2"'),
        lambda text: text.replace("<v>5</v>", "<v>1E999</v>"),
        lambda text: text.replace("<v>5</v>", "<v>nan</v>"),
        lambda text: text.replace("<v>5</v>", "<v>1_0</v>"),
        lambda text: text.replace("<v>5</v>", f"<v>{'9' * 100_000}</v>"),
        lambda text: text.replace('<c r="B2"><v>5</v>', '<c r="B2" t="inlineStr"><is><t>&#55357;</t></is>'),
    ],
)
def test_odd_parts_are_errors_with_a_place(change: Callable[[str], str], plan: Plan, tmp_path: Path) -> None:
    path = rewritten(tmp_path, [["姓名", "新客户数"], ["张三", 5]], change)
    try:
        faults = [fault for row in read_facts(path, plan) for fault in row.faults]
    except InputError:
        return
    assert faults


def test_references_may_be_left_out(tmp_path: Path) -> None:
    def without(text: str) -> str:
        for place in ("A1", "B1", "A2", "B2"):
            text = text.replace(f' r="{place}"', "")
        return text.replace('<row r="1"', "<row").replace('<row r="2"', "<row")

    path = rewritten(tmp_path, [["姓名", "x"], ["张三", 5]], without)
    assert [(row.number, [cell.text for cell in row.cells.values()]) for row in xlsx_rows(path)] == [
        (1, ["姓名", "x"]),
        (2, ["张三", "5"]),
    ]


def test_the_values_are_those_that_calamine_reads(tmp_path: Path) -> None:
    path = tmp_path / "all.xlsx"
    chance = random.Random(7)
    texts = ["张三", "a\nb", "<&>", "=1+1", "_x0041_", "x" * 300]
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet()
        bold = book.add_format({"bold": True})
        for row, column in itertools.product(range(60), range(8)):
            match chance.randrange(6):
                case 0:
                    sheet.write_number(row, column, chance.choice([1, -1]) * 10 ** chance.uniform(-9, 14))
                case 1:
                    sheet.write_number(row, column, chance.randrange(1000))
                case 2:
                    sheet.write_string(row, column, chance.choice(texts))
                case 3:
                    sheet.write_formula(row, column, "=1+1", None, chance.choice([2.5, "文"]))
                case 4:
                    sheet.write_rich_string(row, column, "甲", bold, "乙", "丙")
    ours = {row.number: row.cells for row in xlsx_rows(path)}
    sheet = python_calamine.CalamineWorkbook.from_path(path).get_sheet_by_index(0)
    theirs = sheet.to_python(skip_empty_area=False)
    for number, values in enumerate(theirs, 1):
        for column, value in enumerate(values):
            cell = ours.get(number, {}).get(column)
            if value == "":
                assert cell is None
            elif isinstance(value, str):
                assert cell == Cell(value)
            else:
                assert cell is not None
                assert Fraction(cell.text) == Fraction(repr(value))
