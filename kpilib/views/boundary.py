"""A rule at its boundaries: the points just below, at and just above each threshold, for its author to tick off."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from fractions import Fraction

from attrs import frozen

from kpilib.quantity import decimal_text
from kpilib.text import display_width
from kpilib.views.explain import escaped

FORMAT = 1


@frozen(kw_only=True)
class BoundaryRow:
    """One input and its points: None, with the reason and its code, where the rule gives none.

    `place` says why this input is listed, `words` are the author's words that decide there, `because` what else does
    (满分, 最低 0 分).
    """

    input: str
    points: Decimal | None
    reason: str = ""
    code: str = ""
    place: str = ""
    words: tuple[str, ...] = ()
    because: str = ""

    @property
    def points_text(self) -> str:
        """The points in plain digits, or 没有规定 in a gap of the rule, or 不计分."""
        none = "没有规定" if self.code == "KPI501" else "不计分"
        return none if self.points is None else f"{self.points:f}"

    @property
    def grounds(self) -> str:
        """What decides there, in one line."""
        if self.points is None:
            return self.reason
        return "，".join([*(f"「{words}」" for words in self.words), *([self.because] if self.because else [])])

    def to_dict(self) -> dict[str, object]:
        """Plain data; points as exact text."""
        return {
            "input": self.input,
            "points": None if self.points is None else f"{self.points:f}",
            "reason": self.reason,
            "code": self.code,
            "place": self.place,
            "words": list(self.words),
            "because": self.because,
        }


@frozen(kw_only=True)
class BoundaryTable:
    """The rows of one input, rising, while the other inputs are `held`; `step` is ε, one step between neighbours.

    `left_out` says in words which thresholds are not listed; it is empty where all of them are.
    """

    input: str
    step: str
    held: tuple[tuple[str, str], ...]
    rows: tuple[BoundaryRow, ...]
    left_out: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, object]:
        """Plain data."""
        return {
            "input": self.input,
            "step": self.step,
            "held": dict(self.held),
            "rows": [row.to_dict() for row in self.rows],
            "left_out": list(self.left_out),
        }

    @property
    def heading(self) -> str:
        """What the table is about: the input, ε, and where the other inputs are held."""
        parts = [f"{self.input}（相邻的值差 {self.step}）" if self.step else self.input]
        if self.held:
            parts.append(f"其余输入不变：{'，'.join(f'{name} = {value}' for name, value in self.held)}")
        return "；".join(parts)

    def __str__(self) -> str:
        cells = [("□", row.input, row.points_text, row.place, row.grounds) for row in self.rows]
        lines = [self.heading, *_aligned(("", self.input, "得分", "位置", "依据"), cells)]
        return "\n".join([*lines, *self.left_out])

    def _repr_html_(self) -> str:
        rows = "".join(
            "<tr><td>☐</td><td style='text-align:right'>{}</td><td style='text-align:right'>{}</td><td>{}</td><td>{}</td></tr>".format(
                *map(escaped, (row.input, row.points_text, row.place, row.grounds))
            )
            for row in self.rows
        )
        head = f"<tr><th></th><th>{escaped(self.input)}</th><th>得分</th><th>位置</th><th>依据</th></tr>"
        foot = "".join(f"<tr><td colspan='5'>{escaped(line)}</td></tr>" for line in self.left_out)
        return f"<table><caption>{escaped(self.heading)}</caption>{head}{rows}{foot}</table>"


@frozen(kw_only=True)
class Boundaries:
    """A rule's canonical sentence and a table for each of its inputs."""

    sentence: str
    full_marks: Fraction | None
    tables: tuple[BoundaryTable, ...]
    left_out: tuple[str, ...] = ()  # inputs that have no table, where there are very many

    @property
    def heading(self) -> str:
        """The sentence with its full marks."""
        marks = "" if self.full_marks is None else f"（满分 {decimal_text(self.full_marks)} 分）"
        return f"{self.sentence}{marks}"

    def to_dict(self) -> dict[str, object]:
        """Plain data with a format version; points as exact texts."""
        return {
            "format": FORMAT,
            "sentence": self.sentence,
            "full_marks": None if self.full_marks is None else decimal_text(self.full_marks),
            "tables": [table.to_dict() for table in self.tables],
            "left_out": list(self.left_out),
        }

    def __str__(self) -> str:
        more = [f"还有 {len(self.left_out)} 个输入没有列表"] if self.left_out else []
        return "\n\n".join([self.heading, *map(str, self.tables), *more])

    def _repr_html_(self) -> str:
        return f"<p>{escaped(self.heading)}</p>" + "".join(table._repr_html_() for table in self.tables)


def _aligned(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> list[str]:
    """Columns under a header and a rule; inputs and points to the right."""
    table = [header, *rows]
    widths = [max(display_width(row[column]) for row in table) for column in range(len(header))]

    def line(row: tuple[str, ...]) -> str:
        cells = []
        for column, cell in enumerate(row):
            blanks = " " * (widths[column] - display_width(cell))
            cells.append(blanks + cell if column in (1, 2) else cell + blanks)
        return "  ".join(cells).rstrip()

    return [line(header), "─" * (sum(widths) + 2 * (len(widths) - 1)), *map(line, rows)]
