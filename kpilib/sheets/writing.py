"""A draft as the text of a plan file, with the address of the cell behind every piece of it."""

from __future__ import annotations

import re
from collections.abc import Sequence

from attrs import define, field, frozen

from kpilib.errors import KpiError
from kpilib.inputs import read_target
from kpilib.plan.document import FORMAT, chinese
from kpilib.quantity import PLAIN, decimal_text, parse_quantity, unit_named
from kpilib.sheets.draft import NAMELESS, Draft, Item, Section
from kpilib.sheets.findings import Findings
from kpilib.sheets.grid import GridCell, Text, joined, lines_of
from kpilib.sheets.marks import HUNDRED, Weight
from kpilib.sheets.tables import Column
from kpilib.sheets.weighing import Weighed
from kpilib.syntax.plan_text import is_rule_line, read_plan
from kpilib.syntax.plan_tree import KEY_NAMED, REMARKS, Key
from kpilib.text import Span, normalise

# Lines that the words around a table may be: what they say takes part in scoring.
_HEAD_KEYS = tuple(
    key for key in KEY_NAMED.values() if key.name in {"version", "effective", "reading", "grades", "coefficients"}
)
_HEAD_LINE = re.compile(r"(?P<word>[一-鿿]{1,6}) *: *(?P<value>[^_ ].*)\Z")
# Words that may mean grades, in a place where they are not read.
_GRADES = re.compile(
    r"(?:优秀|良好|合格|称职|[ABCD]级|[ABCD]等|等级|系数)[^。;\n]{0,20}[0-9]|[0-9][^。;\n]{0,12}(?:优秀|良好|合格|称职|[ABCD]级)"
)
_SAME_AS_PERCENT = {"百分比": "%", "百分数": "%", "百分率": "%", "percent": "%"}
# The plan reader refuses a heading with this, so nothing is scored before somebody has filled it in.
DOUBTFUL = "（权重？）"


@frozen
class Piece:
    """A stretch of the plan's text and the cell that it comes from."""

    span: Span
    address: str


@define
class PlanWriter:
    """Writes the lines of a plan and remembers where each came from."""

    findings: Findings
    lines: list[str] = field(factory=list)
    pieces: list[Piece] = field(factory=list)
    size: int = 0
    left: list[Text] = field(factory=list)  # words that are not in the plan

    @property
    def text(self) -> str:
        """What was written."""
        return "".join(f"{line}\n" for line in self.lines)

    def line(self, *parts: str | Text) -> None:
        """One line, of words of the plan and words of the sheet."""
        start = self.size
        for part in parts:
            words = part.text if isinstance(part, Text) else part
            if isinstance(part, Text):
                self.pieces.append(Piece(Span(start, start + len(words)), part.address))
            start += len(words)
        self.lines.append("".join(part.text if isinstance(part, Text) else part for part in parts))
        self.size = start + 1

    def remark(self, label: str, text: Text) -> None:
        """Words that are kept and take no part in scoring, a line for each of theirs."""
        for number, line in enumerate(lines_of(text.text)):
            lead = f"注：{label}：" if label and number == 0 else "注："
            self.line(lead, Text(line, text.address))

    def key(self, key: Key, *texts: Text) -> None:
        """A line of the plan with what some cells say."""
        if texts:
            words = "；".join(dict.fromkeys(text.text for text in texts))
            self.line(f"{key.words[0]}：", Text(words, texts[0].address))

    # ---- the whole plan ----------------------------------------------------------------------------------------------

    def write(self, title: Text, draft: Draft, weighed: Weighed, between: Sequence[Text]) -> None:
        """Head, groups and indicators."""
        self.title(title)
        self.line(f"格式：{FORMAT}")
        if weighed.full_marks != HUNDRED:
            address = draft.totals[-1].cell.address if draft.totals else ""
            self.line("满分：", Text(f"{decimal_text(weighed.full_marks)}分", address))
        for text in draft.outside:
            self.around(text, kept=True)
        for text in between:
            self.around(text, kept=False)
        for number, section in enumerate(draft.sections, 1):
            self.section(number, section)

    def title(self, title: Text) -> None:
        """The first line; words that would be read as another kind of line get one before them."""
        words = joined(lines_of(title.text)) or "考核表"
        read = read_plan(words).title.text
        self.line(Text(words, title.address) if read == words else Text(f"考核表 {words}", title.address))

    def around(self, text: Text, *, kept: bool) -> None:
        """Write words outside the rows: a line of the plan's head where they are one, else a remark, or left where they are."""
        for line in lines_of(text.text):
            match = _HEAD_LINE.match(normalise(line))
            key = next((key for key in _HEAD_KEYS if match is not None and match["word"] in key.words), None)
            if match is not None and key is not None:
                self.key(key, Text(line[match.start("value") :], text.address))
                continue
            if kept:
                said = match is not None and match["word"] in REMARKS
                self.line(*(() if said else ("注：",)), Text(line, text.address))
            else:
                self.left.append(Text(line, text.address))
            if _GRADES.search(normalise(line)):
                self.findings.add(
                    "KPI824", text.address, f"这段话像是等级或系数，没有参与计分：{line[:60]}", level="需确认",
                    hint="写成「等级：90分以上优秀；75分以上良好」「奖金系数：优秀1.2；良好1.0」", example="",
                )  # fmt: skip

    def section(self, number: int, section: Section) -> None:
        """A group and its indicators."""
        self.line("")
        name = section.name or Text("考核指标", section.items[0].name.address)
        # A group without a rule under it would be an empty group.
        single = section.single and len(section.items) == 1 and bool(section.items[0].rules)
        owner: Item | Section = section.items[0] if single else section
        self.heading(f"{chinese(number)}、", self.fitting(name), owner)
        self.original(name)
        for index, item in enumerate(section.items, 1):
            if not single:
                self.heading(f"（{chinese(index)}）", self.fitting(item.name), item)
                self.original(item.name)
            self.item(item)

    def heading(self, number: str, name: Text, owner: Item | Section) -> None:
        """A numbered heading with its weight."""
        weight: Weight | None = owner.weight
        if owner.doubtful:
            self.line(number, name, Text(DOUBTFUL, owner.weight_address or name.address))
        elif weight is not None:
            self.line(number, name, Text(f"（{weight.words}）", owner.weight_address or name.address))
        else:
            self.line(number, name)

    def fitting(self, name: Text) -> Text:
        """A name that a heading can hold: without signs that would end it."""
        words = re.sub(r" {2,}", " ", re.sub(r"[:：。；;]", " ", name.text)).strip()
        read = read_plan(f"考核表\n一、{words}\n").groups
        if (
            read
            and read[0].heading.name.text == words
            and read[0].heading.marks is None
            and not read[0].heading.doubtful
        ):
            return Text(words, name.address)
        plain = re.sub(r"[()（）【】〔〕\[\]%％]", " ", words)
        return Text(" ".join(plain.split()) or NAMELESS, name.address)

    def original(self, name: Text) -> None:
        """The name as the sheet has it, where a heading could not hold it."""
        if self.fitting(name).text != name.text:
            self.remark("名称", name)

    # ---- one indicator -----------------------------------------------------------------------------------------------

    def item(self, item: Item) -> None:
        """The lines under an indicator's heading, in the plan's own order."""
        if item.full_marks is not None:
            self.key(KEY_NAMED["full_marks"], item.full_marks)
        units = [(cell, self.known_unit(cell)) for cell in item.units]
        remarks = list(item.remarks)
        if item.doubtful and item.weight is not None and all(label != "权重" for label, _ in remarks):
            remarks.append(("权重", Text(item.weight.words, item.weight_address)))
        for column, cell in item.targets[:1]:
            self.target(column, cell, next((unit for _, unit in units if unit), ""), remarks)
        for column, cell in item.targets[1:]:
            remarks.append((column.heading, Text(cell.text, cell.address)))
            self.findings.add(
                "KPI823", cell.address, "这个指标有几个目标值", level="需确认", hint="留一个，别的写进评分标准"
            )
        for cell, unit in units[:1]:
            if unit:
                self.key(KEY_NAMED["unit"], Text(unit, cell.address))
        for name in ("formula", "source", "department", "rater", "period", "scope"):
            self.key(KEY_NAMED[name], *item.values.get(name, ()))
        for cell, unit in units:
            if not unit:
                self.unread(f"不认识的单位「{cell.words[:20]}」", "单位", cell, remarks)
        for label, text in remarks:
            self.remark(label, text)
        for _, text in item.rules:
            lead = () if is_rule_line(text.text) else (f"{KEY_NAMED['rule'].words[0]}：",)
            self.line(*lead, text)

    def target(self, column: Column, cell: GridCell, unit: str, remarks: list[tuple[str, Text]]) -> None:
        """A 目标值 line, a bare number with the unit of its column; words are kept as a remark."""
        words = cell.words
        unit = unit or (_unit(column.note) if column.note else "")
        try:
            quantity = parse_quantity(words)
        except KpiError:
            pass
        else:
            words = f"{words}{unit}" if quantity.unit is PLAIN and unit else words
            self.key(KEY_NAMED["target"], Text(words, cell.address))
            return
        try:
            known = read_target(words) is not None
        except KpiError:
            known = False
        if known:
            self.key(KEY_NAMED["target"], Text(words, cell.address))
        else:
            self.unread(f"目标值「{words[:40]}」不是一个数，没有参与计分", column.heading, cell, remarks)

    def unread(self, message: str, label: str, cell: GridCell, remarks: list[tuple[str, Text]]) -> None:
        """Say that a cell is kept as a remark only."""
        hint = "规则用得着的，写成一个带单位的数，或写进评分标准"
        self.findings.add("KPI823", cell.address, message, level="需确认", hint=hint)
        remarks.append((label, Text(cell.text, cell.address)))

    def known_unit(self, cell: GridCell) -> str:
        """The unit that a cell names; empty where there is none of that name."""
        return _unit(cell.words)


def _unit(text: str) -> str:
    words = _SAME_AS_PERCENT.get(normalise(text).strip(), normalise(text).strip())
    try:
        return unit_named(words).symbol
    except KpiError:
        return ""


def changed_by_writing(text: str, draft: Draft) -> list[Item]:
    """The indicators whose name or rule is not in the plan as it was read: words that a plan takes for something else."""
    groups = read_plan(text).groups
    if len(groups) != len(draft.sections):
        return draft.items
    changed = []
    for node, section in zip(groups, draft.sections, strict=True):
        if len(node.indicators) != len(section.items):
            changed += section.items
            continue
        for member, item in zip(node.indicators, section.items, strict=True):
            lines = () if member.rule is None else lines_of(member.rule.text)
            if lines != tuple(text.text for _, text in item.rules):
                changed.append(item)
    return changed
