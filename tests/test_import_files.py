"""Files that are not what they should be: a clear error, at once."""

import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import xlsxwriter
from sheet_files import Rows, write_docx, write_markdown, write_xlsx

import kpilib

ROWS: Rows = [["考核指标", "权重", "评分标准"], ["产量", 1.0, "每少1件扣2分"]]
PAGE, BODY = "xl/worksheets/sheet1.xml", "word/document.xml"
MB = 2**20


def edited(path: Path, part: str, change: Callable[[bytes], bytes]) -> Path:
    """The archive with one part changed."""
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts[part] = change(parts[part])
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(name, data)
    return path


def before(mark: bytes, more: bytes) -> Callable[[bytes], bytes]:
    def change(data: bytes) -> bytes:
        assert mark in data
        return data.replace(mark, more + mark, 1)

    return change


def xlsx(mark: bytes, more: bytes) -> Callable[[Path], Path]:
    return lambda folder: edited(write_xlsx(folder / "表.xlsx", ROWS), PAGE, before(mark, more))


def docx(mark: bytes, more: bytes) -> Callable[[Path], Path]:
    return lambda folder: edited(write_docx(folder / "表.docx", "考核", ROWS), BODY, before(mark, more))


def raw(name: str, data: bytes) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        (folder / name).write_bytes(data)
        return folder / name

    return write


def renamed(source: str, name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = write_xlsx(folder / source, ROWS) if source.endswith("xlsx") else write_docx(folder / source, ROWS)
        return path.rename(folder / name)

    return write


DTD = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]>'
CELL = b"<c t='inlineStr'><is><t>a</t></is></c>"
OLD = b"\xd0\xcf\x11\xe0" + b"x" * 600
HEAD = "| 考核指标 | 权重 | 评分标准 |\n|---|---|---|\n"

REFUSED = {
    "a zip bomb in .xlsx": (xlsx(b"</worksheet>", b" " * 61 * MB), "KPI807", "工作簿解开后超过 60 MB"),
    "a zip bomb in .docx": (docx(b"</w:body>", b" " * 41 * MB), "KPI807", "文档解开后超过 40 MB"),
    "100,000 columns": (xlsx(b"</sheetData>", b"<row r='9'>" + CELL * 100_000 + b"</row>"), "KPI807", "第9行超过 16384 列"),
    "16,000 columns": (xlsx(b"</sheetData>", b"<row r='9'>" + CELL * 16_000 + b"</row>"), "KPI807", "工作表「考核表」超过 100 列"),
    "a million rows": (
        xlsx(b"</sheetData>", b"".join(b"<row r='%d'>%s</row>" % (n, CELL) for n in range(3, 60_000))), "KPI807", "工作表「考核表」超过 20000 格"
    ),
    "merges without end": (xlsx(b"</worksheet>", b"<mergeCell ref='A1:XFD9'/>" * 30_000), "KPI807", "工作表「考核表」超过 20000 格"),
    "a DTD in .xlsx": (xlsx(b"<worksheet", DTD), "KPI807", "文件里有文档类型声明，不读"),
    "a DTD in .docx": (docx(b"<w:document", DTD), "KPI807", "文件里有文档类型声明，不读"),
    "a cell over 999,999,999 columns": (docx(b"<w:tcW", b'<w:gridSpan w:val="999999999"/>'), "KPI807", "表1超过 100 列"),
    "100,000 cells": (docx(b"</w:tr>", b"<w:tc><w:p/></w:tc>" * 100_000), "KPI807", "文档里的表超过 20000 格"),
    "100,000 paragraphs": (docx(b"<w:tbl>", b"<w:p><w:r><w:t>x</w:t></w:r></w:p>" * 100_000), "KPI807", "文档超过 5000 段"),
    "old .xls": (raw("表.xls", OLD), "KPI807", "不认识的文件类型 .xls"),
    "encrypted .xlsx": (raw("表.xlsx", OLD), "KPI807", "读不了这个工作簿：它是旧的 .xls，或者设了打开密码"),
    "encrypted .docx": (raw("表.docx", OLD), "KPI807", "读不了这个文档：它是旧的 .doc，或者设了打开密码"),
    "empty .xlsx": (raw("表.xlsx", b""), "KPI807", "读不了这个工作簿：文件损坏"),
    "empty .docx": (raw("表.docx", b""), "KPI807", "读不了这个文档：文件损坏，或者不是 .docx"),
    "empty .md": (raw("表.md", b""), "KPI821", "没有找到考核表"),
    "a picture": (raw("表.png", b"x"), "KPI807", "不认识的文件类型 .png"),
    "a workbook called .docx": (renamed("a.xlsx", "表.docx"), "KPI807", "这个文件是工作簿，不是文档"),
    "a document called .xlsx": (renamed("a.docx", "表.xlsx"), "KPI807", "这个文件是文档，不是工作簿"),
    "a workbook called .md": (renamed("a.xlsx", "表.md"), "KPI807", "这个文件不是文字，是 Office 文件"),
    "GBK": (raw("表.md", (HEAD + "| 产量 | 100% | 每少1件扣2分 |\n").encode("gbk")), "KPI703", "文件编码不是 UTF-8，像是 GBK"),
    "100,000 pipes": (raw("表.md", b"|a" * 100_000 + b"|\n" + b"|-" * 100_000 + b"|\n"), "KPI807", "第1行的表超过 100 列"),
    "3 MB of Markdown": (raw("表.md", b"x" * 3 * MB), "KPI807", "文件超过 2 MB"),
    "words and no table": (raw("表.md", "# 考核\n\n每低1%扣2分\n".encode()), "KPI821", "没有找到考核表"),
    "600 indicators": (
        lambda folder: write_markdown(folder / "表.md", [ROWS[0], *([f"产量{n}", "1%", "x"] for n in range(600))]), "KPI807", "考核表超过 500 个指标"
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_read_is_refused_at_once(what: str, tmp_path: Path) -> None:
    write, code, message = REFUSED[what]
    path = write(tmp_path)
    start = time.perf_counter()
    with pytest.raises(kpilib.InputError) as error:
        kpilib.import_sheet(path)
    assert error.value.code == code
    assert error.value.message.startswith(message)
    assert time.perf_counter() - start < 10


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    for name in ("没有.xlsx", "没有.docx", "没有.md"):
        with pytest.raises(FileNotFoundError):
            kpilib.import_sheet(tmp_path / name)


@pytest.mark.parametrize(
    "cell",
    ["**a" * 100_000, "`" * 200_000, "\\" * 200_000, "考核" + "（" * 30_000, "一、" * 10_000, "70 " * 10_000, "业绩" + " " * 30_000 + "70"],
    ids=["stars", "ticks", "backslashes", "brackets", "numbers", "sums", "blanks"],
)  # fmt: skip
def test_long_cells_take_no_time(cell: str, tmp_path: Path) -> None:
    path = tmp_path / "表.md"
    path.write_text(f"{HEAD}| {cell} | 50% | {cell} |\n| 产量 | {cell} | 每少1件扣2分 |\n", encoding="utf-8")
    start = time.perf_counter()
    try:
        read = kpilib.import_sheet(path)
    except kpilib.InputError as error:
        assert error.code == "KPI807"  # noqa: PT017
    else:
        assert any(finding.level == "error" for finding in read.findings)
    assert time.perf_counter() - start < 10


def test_a_merge_over_the_whole_sheet_hides_what_is_under_it(tmp_path: Path) -> None:
    path = xlsx(b"</worksheet>", b"<mergeCells><mergeCell ref='A3:XFD1048576'/></mergeCells>")(tmp_path)
    assert kpilib.import_sheet(path).plan_text.endswith("每少1件扣2分\n")
    path = xlsx(b"</worksheet>", b"<mergeCells><mergeCell ref='A1:XFD1048576'/></mergeCells>")(tmp_path)
    with pytest.raises(kpilib.InputError, match="没有找到考核表"):
        kpilib.import_sheet(path)


def test_what_a_merged_cell_covers_is_not_shown_and_not_read(tmp_path: Path) -> None:
    rows: Rows = [
        ["考核指标", "权重", "评分标准"],
        ["产量", 0.6, "每少1件扣2分"],
        ["^", "^", "每废1件扣1分"],
        ["考勤", 0.4, "迟到一次扣1分"],
    ]
    with xlsxwriter.Workbook(tmp_path / "表.xlsx") as book:
        page = book.add_worksheet()
        for number, row in enumerate(rows):
            page.write_row(number, 0, [None if value == "^" else value for value in row])
        page.merge_range("A2:A3", "产量")
        page.merge_range("B2:B3", "60%")
        page.write_string("A3", "盖住的指标")
        page.write_string("B3", "99%")
        page.write_string("D1", "备注")
        page.merge_range("D2:D3", "")
        page.write_string("D3", "盖住的备注")
    text = kpilib.import_sheet(tmp_path / "表.xlsx").plan_text
    assert "盖住" not in text
    assert "一、产量（60%）\n每少1件扣2分\n每废1件扣1分\n" in text


def test_a_formula_gives_its_value_and_an_error_its_reason(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "表.xlsx", [*ROWS[:1], ["产量", 0.5, "每少1件扣2分"], ["考勤", 0.5, "迟到一次扣1分"]])
    change = before(b"</sheetData>", b"")

    def formulas(data: bytes) -> bytes:
        first, second = b"<v>0.5</v></c>", b"<f>1/2</f><v>0.5</v></c>"
        assert data.count(first) == 2
        head, _, rest = change(data).partition(first)
        return head + second + rest.replace(first, b"<f>1/0</f></c>")

    read = kpilib.import_sheet(edited(path, PAGE, formulas))
    assert [(finding.address, finding.message) for finding in read.findings if finding.level == "error"] == [
        ("考核表!B3", "这一格是公式，文件里没有它的结果；用 Excel 打开、保存一次")
    ]
    assert "一、产量（50%）" in read.plan_text
    assert "二、考勤（权重？）" in read.plan_text


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    rows: Rows = [["考核指标", "权重", "评分标准", "备注"], ["产量", "100%", "每少1件扣2分", "=cmd|' /C calc'!A0"]]
    read = kpilib.import_sheet(write_xlsx(tmp_path / "表.xlsx", rows))
    assert "注：=cmd|' /C calc'!A0" in read.plan_text.splitlines()


def test_a_documents_changes_are_read_as_accepted_and_said(tmp_path: Path) -> None:
    def change(data: bytes) -> bytes:
        old = b"<w:r><w:t>\xe6\xaf\x8f\xe5\xb0\x911\xe4\xbb\xb6\xe6\x89\xa32\xe5\x88\x86</w:t></w:r>"
        assert old in data
        struck = b'<w:del w:id="1"><w:r><w:delText>x</w:delText><w:t>y</w:t></w:r></w:del>'
        return data.replace(old, struck + b'<w:ins w:id="2">' + old + b"</w:ins>")

    read = kpilib.import_sheet(edited(write_docx(tmp_path / "表.docx", "考核", ROWS), BODY, change))
    assert read.plan_text.splitlines()[-1] == "每少1件扣2分"
    assert ("KPI824", "需确认") in [(finding.code, finding.level) for finding in read.findings]
    assert not read.ok


def test_markdown_keeps_the_signs_of_rules(tmp_path: Path) -> None:
    path = tmp_path / "表.md"
    text = f"{HEAD}| **回款** | `50%` | 得分=回款完成率*50分 |\n| 甲\\|乙 | 50% | 每低__%，减__分 |\n\n```\n{HEAD}| 样子 | 1 | 2 |\n```\n"
    path.write_text(text, encoding="utf-8")
    lines = kpilib.import_sheet(path).plan_text.splitlines()
    assert {"一、回款（50%）", "得分=回款完成率*50分", "二、甲|乙（50%）", "每低__%，减__分"} <= set(lines)
    assert not any("样子" in line for line in lines)


def test_the_reason_of_a_damaged_archive_is_plain(tmp_path: Path) -> None:
    path = write_xlsx(tmp_path / "表.xlsx", ROWS)
    path.write_bytes(path.read_bytes()[:2000])
    with pytest.raises(kpilib.InputError, match="文件损坏"):
        kpilib.import_sheet(path)
