"""What of the facts has come in: for each column who is still empty, by the department that fills it in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from attrs import field, frozen

from kpilib.output.blank import BlankBook, BlankColumn
from kpilib.output.columns import TARGET, Fault
from kpilib.output.facts import FactTable

# So many people are named for a column.
SHOWN_PEOPLE = 10
KEPT_FAULTS = 1_000


@frozen(kw_only=True)
class Missing:
    """One column with the people for whom it is still empty."""

    owner: str
    column: str
    people: tuple[str, ...]
    everyone: bool = False

    def __str__(self) -> str:
        if self.everyone:
            return f"{self.column}：{len(self.people)} 人全缺"
        shown = "、".join(_cut(name) for name in self.people[:SHOWN_PEOPLE])
        more = " 等" if len(self.people) > SHOWN_PEOPLE else ""
        return f"{self.column}：缺 {len(self.people)} 人，{shown}{more}"

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON, with everyone in it."""
        return {"owner": self.owner, "column": self.column, "count": len(self.people), "people": list(self.people)}


@frozen(kw_only=True)
class Receipt:
    """How many cells are needed and have come in, what is missing, and what is wrong."""

    people: int
    needed: int
    missing: tuple[Missing, ...]
    faults: tuple[Fault, ...] = field(repr=False)
    fault_count: int = 0

    @property
    def complete(self) -> bool:
        """Whether everything is there and nothing is wrong; a table without people is not."""
        return bool(self.people) and not self.missing and not self.fault_count

    @property
    def still(self) -> int:
        """How many cells are still empty."""
        return sum(len(one.people) for one in self.missing)

    def __str__(self) -> str:
        head = f"{self.people} 人，要填 {self.needed} 格，"
        head += f"还缺 {self.still} 格" if self.still else "都填了" if self.people else "还没有人"
        head += f"，有误 {self.fault_count} 处" if self.fault_count else ""
        lines = [head]
        owner = None
        for one in self.missing:
            if one.owner != owner:
                owner = one.owner
                lines.append(f"{owner}：")
            lines.append(f"  {one}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {
            "complete": self.complete,
            "people": self.people,
            "needed": self.needed,
            "still": self.still,
            "missing": [one.to_dict() for one in self.missing],
            "errors": [fault.to_dict() for fault in self.faults],
            "errors_left_out": self.fault_count - len(self.faults),
        }


def receipt(book: BlankBook, table: FactTable, *, roster: Iterable[Mapping[str, str]] = ()) -> Receipt:
    """What has come in for the people of a table, and for those of the roster who are not in it at all."""
    needed = [(sheet.name, column) for sheet in book.sheets for column in sheet.columns if column.needed]
    empty: dict[int, list[str]] = {index: [] for index in range(len(needed))}
    faults: list[Fault] = []
    fault_count = people = 0
    numbers: set[str] = set()
    names: set[str] = set()
    unnumbered: set[str] = set()
    columns = {column.header: (column.role, column.name) for column in table.columns}
    for row in table:
        people += 1
        number, name = row.who.get("工号", ""), row.who.get("姓名", "")
        numbers.add(number)
        names.add(name)
        if not number:
            unnumbered.add(name)
        fault_count += len(row.faults)
        faults += row.faults[: KEPT_FAULTS - len(faults)]
        wrong = {columns.get(fault.column, ("", fault.column)) for fault in row.faults}
        wrong |= {("target", fault.column.removesuffix(f".{TARGET}")) for fault in row.faults}
        for index, (_, column) in enumerate(needed):
            held = row.targets if column.role == "target" else row.facts
            if column.name not in held and not _is_wrong(column, wrong):
                empty[index].append(called(row.who))
    for who in roster:
        number, name = who.get("工号", ""), who.get("姓名", "")
        if (number or name) and number not in numbers - {""} and name not in (unnumbered if number else names):
            people += 1
            for index in empty:
                empty[index].append(called(who))
    missing = [
        Missing(owner=owner, column=column.header, people=tuple(empty[index]), everyone=len(empty[index]) == people > 1)
        for index, (owner, column) in enumerate(needed)
        if empty[index]
    ]
    return Receipt(
        people=people,
        needed=people * len(needed),
        missing=tuple(missing),
        faults=tuple(faults),
        fault_count=fault_count,
    )


def _is_wrong(column: BlankColumn, wrong: set[tuple[str, str]]) -> bool:
    """Whether a cell is not empty but wrong, which is said elsewhere."""
    return (column.role, column.name) in wrong


def called(who: Mapping[str, str]) -> str:
    """What a person is called in a list: 张三（1001）."""
    name, number = who.get("姓名", ""), who.get("工号", "")
    return f"{name}（{number}）" if name and number else name or number


def _cut(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:40]}…"
