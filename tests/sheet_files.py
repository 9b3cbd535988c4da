"""One scorecard, written as .xlsx, .docx and Markdown by the libraries that people's programs use.

A sheet is a list of rows of texts.  "<" is the cell on the left going on, "^" the one above; a float is a percentage
(a number in a cell of that format in .xlsx), an int a bare number.
"""

from collections.abc import Sequence
from pathlib import Path

import docx
import xlsxwriter

Value = str | float | int | None
Rows = Sequence[Sequence[Value]]


def spans(rows: Rows) -> dict[tuple[int, int], tuple[int, int]]:
    """The last row and column of every cell that is not a part of another."""
    found: dict[tuple[int, int], tuple[int, int]] = {}
    for r, row in enumerate(rows):
        for c, value in enumerate(row):
            if value in ("<", "^"):
                continue
            right = c
            while right + 1 < len(row) and row[right + 1] == "<":
                right += 1
            down = r
            while down + 1 < len(rows) and c < len(rows[down + 1]) and rows[down + 1][c] == "^":
                down += 1
            found[r, c] = (down, right)
    return found


def shown(value: Value) -> str:
    return "" if value is None else f"{value * 100:g}%" if isinstance(value, float) else str(value)


def write_xlsx(path: Path, rows: Rows, *, sheet: str = "考核表", others: Sequence[str] = ()) -> Path:
    with xlsxwriter.Workbook(path, {"strings_to_formulas": False, "strings_to_urls": False}) as book:
        page = book.add_worksheet(sheet)
        plain, percent = book.add_format({"text_wrap": True}), book.add_format({"num_format": "0.0%"})
        for (r, c), (down, right) in spans(rows).items():
            value = rows[r][c]
            style = percent if isinstance(value, float) else plain
            if (down, right) != (r, c):
                page.merge_range(r, c, down, right, "", style)
            if isinstance(value, int | float):
                page.write_number(r, c, value, style)
            elif value:
                page.write_string(r, c, value, style)
        for name in others:
            book.add_worksheet(name)
    return path


def add_table(document: docx.document.Document, rows: Rows) -> None:
    width = max(map(len, rows))
    table = document.add_table(len(rows), width)
    for (r, c), (down, right) in spans(rows).items():
        cell = table.cell(r, c)
        if (down, right) != (r, c):
            cell = cell.merge(table.cell(down, right))
        cell.text = shown(rows[r][c])


def write_docx(path: Path, *content: str | Rows) -> Path:
    """A document of paragraphs and tables, in that order."""
    document = docx.Document()
    for part in content:
        if isinstance(part, str):
            document.add_paragraph(part)
        else:
            add_table(document, part)
    document.save(path)
    return path


def markdown_table(rows: Rows) -> str:
    """A pipe table; a cell that goes on is empty, as Markdown has no merged cells."""
    width = max(map(len, rows))
    lines = []
    for number, row in enumerate(rows):
        cells = ["" if value in ("<", "^") else shown(value).replace("|", "\\|").replace("\n", "<br>") for value in row]
        lines.append("| " + " | ".join(cells + [""] * (width - len(cells))) + " |")
        if number == 0:
            lines.append("|" + "---|" * width)
    return "\n".join(lines) + "\n"


def write_markdown(path: Path, *content: str | Rows) -> Path:
    """A file of lines and tables, in that order."""
    parts = (part + "\n" if isinstance(part, str) else markdown_table(part) for part in content)
    path.write_text("\n".join(parts), encoding="utf-8")
    return path
