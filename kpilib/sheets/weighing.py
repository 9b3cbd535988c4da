"""Which weight is whose, and what a weight without a unit means."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from attrs import evolve, frozen

from kpilib.quantity import decimal_text
from kpilib.sheets.draft import Draft, Item, Section
from kpilib.sheets.findings import Findings
from kpilib.sheets.grid import GridCell, Text
from kpilib.sheets.marks import HUNDRED, Meaning, Weight, read_weight, settled, with_unit

# Groups whose items add to or take from the total, as people call them.
_ADJUSTING = ("加分", "减分", "扣分", "加减", "奖惩", "奖励", "附加", "加扣", "否决", "调整")


@frozen
class Weighed:
    """The full marks that the sheet names (满分：120分); 100 where it names none."""

    full_marks: Fraction = HUNDRED


def _agree(one: Weight, other: Weight) -> bool:
    """Whether two ways of writing a weight may mean the same: 20%, 20 and 0.2."""
    bare = not one.unit or not other.unit
    return (
        one.number == other.number
        or (bare and one.number * 100 == other.number)
        or (bare and other.number * 100 == one.number)
    )


def weigh(draft: Draft, findings: Findings) -> Weighed:
    """Give every group and indicator its weight, or say at which cell it cannot be read."""
    return _Scale(draft, findings).weigh()


class _Scale:
    """Works on a draft in place."""

    def __init__(self, draft: Draft, findings: Findings) -> None:
        self.draft, self.findings = draft, findings
        self.note = "" if not draft.weight_columns else draft.weight_columns[0].note
        self.total = read_weight(draft.totals[-1].cell.words) if draft.totals else None

    def weigh(self) -> Weighed:
        self.shared()
        for section in self.draft.sections:
            section.weight, section.weight_address = self.one(section, section.weights, section.behind_name)
            for item in section.items:
                item.weight, item.weight_address = self.one(item, item.weights, item.behind_name)
                if section.single and section.weight is not None:
                    self.alone(section, item)
        self.units()
        self.nested()
        for item in self.draft.items:
            self.levels(item)
        self.missing()
        return self.sum()

    # ---- whose -------------------------------------------------------------------------------------------------------

    def shared(self) -> None:
        """A weight over all indicators of a group is the group's; over some of them it is nobody's."""
        holders: dict[GridCell, list[tuple[Section, Item]]] = {}
        for section in self.draft.sections:
            for item in section.items:
                for cell in item.weights:
                    holders.setdefault(cell, []).append((section, item))
        for cell, owners in holders.items():
            if len(owners) == 1:
                continue
            for _, item in owners:
                item.weights.remove(cell)
            section = owners[0][0]
            if [item for _, item in owners] == section.items:
                section.weights.append(cell)
                continue
            names = "、".join(item.name.text for _, item in owners[:8])
            message = f"权重 {cell.words[:20]} 合并在几个指标上：{names}"
            self.findings.add("KPI823", cell.address, message, hint="一个指标一个权重")
            for _, item in owners:
                item.doubtful = True
                item.remarks.append(("权重", Text(cell.text, cell.address)))
        across: dict[GridCell, list[Section]] = {}
        for section in self.draft.sections:
            for cell in dict.fromkeys(section.weights):
                across.setdefault(cell, []).append(section)
        for cell, sections in across.items():
            if len(sections) > 1:
                self.findings.add(
                    "KPI823", cell.address, f"权重 {cell.words[:20]} 合并在几个分组上", hint="一个分组一个权重"
                )
                for section in sections:
                    section.doubtful = True

    def one(self, owner: Item | Section, cells: list[GridCell], behind: Weight | None) -> tuple[Weight | None, str]:
        """The one weight of an indicator or a group; what cannot be read makes it doubtful."""
        name = owner.name
        address = name.address if name is not None else ""
        found: list[tuple[Weight, str]] = [(behind, address)] if behind is not None else []
        for cell in cells:
            weight = read_weight(cell.words)
            if weight is None or weight.number == 0:
                self.unread(owner, cell)
            else:
                found.append((weight, cell.address))
        if len(cells) > 1:
            written = "、".join(cell.words[:20] for cell in cells[:8])
            message = f"「{self.called(owner)}」有几个权重：{written}"
            self.findings.add("KPI823", cells[1].address, message, hint="一个指标一个权重；几个小项分成几个指标")
            owner.doubtful = True
        elif len(found) > 1 and not _agree(found[0][0], found[1][0]):
            message = f"「{self.called(owner)}」写了不同的权重：{found[0][0].words}、{found[1][0].words}"
            self.findings.add("KPI823", found[1][1], message, hint="留一个")
            owner.doubtful = True
        return found[-1] if found else (None, "")

    def alone(self, section: Section, item: Item) -> None:
        """A group that is its own indicator has one weight, wherever it stands."""
        if section.weight is None:
            return
        if item.weight is not None and item.weight.number not in (1, 100) and not _agree(section.weight, item.weight):
            message = f"「{self.called(item)}」写了不同的权重：{section.weight.words}、{item.weight.words}"
            self.findings.add("KPI823", item.weight_address, message, hint="留一个")
            item.doubtful = True
        item.weight, item.weight_address = section.weight, section.weight_address

    def unread(self, owner: Item | Section, cell: GridCell) -> None:
        message = f"看不懂「{self.called(owner)}」的权重「{cell.words[:40]}」"
        self.findings.add("KPI823", cell.address, message, hint="写成 20% 或 20分")
        owner.doubtful = True
        if isinstance(owner, Item):
            owner.remarks.append(("权重", Text(cell.text, cell.address)))

    @staticmethod
    def called(owner: Item | Section) -> str:
        """The name that messages call it by."""
        return "" if owner.name is None else owner.name.text[:40]

    # ---- units -------------------------------------------------------------------------------------------------------

    def units(self) -> None:
        """Numbers without a unit: from the heading, from the kind of column, else from what they add up to."""
        wholes = [[item.weight for item in section.items if item.weight is not None] for section in self.draft.sections]
        self.units_of([item for item in self.draft.items if not item.doubtful], wholes, "指标的权重")
        self.units_of([section for section in self.draft.sections if not section.single], [], "分组的权重")

    def units_of(self, owners: Sequence[Item | Section], wholes: list[list[Weight]], what: str) -> None:
        """Settle the units of weights that belong together; None of them is believed where nothing tells."""
        weights = [owner.weight for owner in owners if owner.weight is not None]
        unit = self.unit(weights, wholes)
        for owner in owners:
            if owner.weight is None or owner.weight.unit:
                continue
            if unit is not None:
                owner.weight = with_unit(owner.weight, unit)
                continue
            owner.doubtful = True
            if isinstance(owner, Item):
                owner.remarks.append(("权重", Text(owner.weight.words, owner.weight_address)))
        if unit is None:
            total = decimal_text(sum((weight.number for weight in weights), Fraction(0)))
            address = self.draft.weight_columns[0].address if self.draft.weight_columns else ""
            mixed = "有的" if any(weight.unit for weight in weights) else ""
            message = f"{what}{mixed}没有写单位，加起来是 {total}：不是 100，也不是 1"
            self.findings.add("KPI823", address, message, hint="写成 20% 或 20分")

    def unit(self, weights: list[Weight], wholes: list[list[Weight]]) -> Meaning | None:
        """What a bare number among some weights means; None where nothing tells."""
        if self.note == "%":
            return "%"
        if self.note == "分" or self.draft.by_marks:
            return "分"
        return settled(weights, wholes, self.total)

    def nested(self) -> None:
        """Weights that add up to 100 inside every group are shares of the group's weight."""
        groups = [section for section in self.draft.sections if section.items]
        if len(groups) < 2 or any(section.weight is None or section.doubtful for section in groups):
            return
        if sum((section.weight.number for section in groups if section.weight is not None), Fraction(0)) != HUNDRED:
            return
        for section in groups:
            inside = [item.weight.number for item in section.items if item.weight is not None and not item.doubtful]
            if not section.single and (len(inside) < len(section.items) or sum(inside) != HUNDRED):
                return
        for section in groups:
            if section.single or section.weight is None:
                continue
            for item in section.items:
                if item.weight is not None:
                    share = section.weight.number * item.weight.number / 100
                    self.findings.add(
                        "KPI823", item.weight_address,
                        f"「{item.name.text[:40]}」的权重是组内的，折算成总分里的 {decimal_text(share)}%："
                        f"{section.weight.words} × {item.weight.words}",
                        level="需确认", hint="规则里的分数（扣2分）也按总分计；不是这个意思的，在方案里改权重",
                    )  # fmt: skip
                    item.weight = evolve(item.weight, number=share, unit="%")

    # ---- marks of rows, and sums -------------------------------------------------------------------------------------

    def levels(self, item: Item) -> None:
        """A 分值 beside the 权重: the rule's own marks, or one for each row, which are levels to choose from."""
        cells = list(dict.fromkeys(cell for _, cell in item.marks))
        values = [read_weight(cell.words) for cell in cells]
        if not cells:
            return
        if any(value is None or value.unit == "%" for value in values):
            wrong = next(cell for cell, value in zip(cells, values, strict=True) if value is None or value.unit == "%")
            self.findings.add("KPI823", wrong.address, f"看不懂分值「{wrong.words[:40]}」", hint="写成 20分")
            item.remarks.append(("分值", Text(wrong.text, wrong.address)))
            item.doubtful = True
        elif len(cells) == 1 and values[0] is not None:
            if item.weight is None or values[0].number != item.weight.number:
                item.full_marks = Text(f"{decimal_text(values[0].number)}分", cells[0].address)
        else:
            self.choose(item, cells, [value.number for value in values if value is not None])

    def choose(self, item: Item, cells: list[GridCell], values: list[Fraction]) -> None:
        """Rows with marks of their own: levels where the best is worth the whole weight and they do not add up to it."""
        weight = None if item.weight is None else item.weight.number
        rows = {row: value for (row, _), value in zip(item.marks, values, strict=False)}
        lines = [(row, text) for row, text in item.rules if row in rows]
        fits = len(lines) == len(item.rules) == len(values) == len({row for row, _ in lines})
        if fits and weight == max(values) and sum(values) != weight:
            item.rules = [
                (row, Text(f"{text.text.rstrip('。；;')}（{decimal_text(rows[row])}分）", text.address))
                for row, text in lines
            ]
            return
        written = "、".join(cell.words for cell in cells[:8])
        self.findings.add(
            "KPI823", cells[0].address, f"「{item.name.text[:40]}」的几行各有分值：{written}。是几个等级，还是几个小项？",
            hint="等级写成一格：能化解矛盾（5分）；小项分成几个指标",
        )  # fmt: skip
        item.doubtful = True
        item.remarks += [("分值", Text(cell.words, cell.address)) for cell in cells]

    def missing(self) -> None:
        """An indicator without a weight only adds to the total or takes from it: right for 加减分项, else to be confirmed."""
        for section in self.draft.sections:
            group = section.name.text if section.name is not None else ""
            if section.weight is not None and not section.single:
                continue
            for item in section.items:
                if (
                    item.weight is not None
                    or item.doubtful
                    or any(word in group + item.name.text for word in _ADJUSTING)
                ):
                    continue
                self.findings.add(
                    "KPI823", item.name.address, f"「{item.name.text[:40]}」没有权重：它的加分、扣分直接算进总分", level="需确认",
                    hint="在表里写上权重；加减分项不用改",
                )  # fmt: skip

    def sum(self) -> Weighed:
        """The totals that the sheet names against what the weights add up to."""
        if self.draft.doubtful:
            return Weighed()
        whole, units = _sum(self.draft.sections)
        for total in self.draft.totals:
            weight = read_weight(total.cell.words)
            if weight is None:
                continue
            said = HUNDRED if not weight.unit and weight.number == 1 else weight.number
            own, _ = _sum(total.sections)
            if said not in (own, whole):
                message = f"合计写的是 {weight.words}，各项加起来是 {decimal_text(own)}"
                self.findings.add("KPI702", total.cell.address, message, hint="改权重，或者改合计", example="")
            elif said == whole and units == {"分"} and whole != HUNDRED:
                return Weighed(whole)
        return Weighed()


def _sum(sections: Sequence[Section]) -> tuple[Fraction, set[str]]:
    """What the weights of some groups add up to, and their units."""
    weights: list[Weight] = []
    for section in sections:
        own = [item.weight for item in section.items if item.weight is not None]
        weights += own if section.weight is None or section.single else [section.weight]
    return sum((weight.number for weight in weights), Fraction(0)), {weight.unit for weight in weights}
