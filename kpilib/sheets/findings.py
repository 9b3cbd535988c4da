"""What there is to say about a sheet: diagnostics with the address of the cell that they are about."""

from __future__ import annotations

from attrs import define, field, frozen

from kpilib.errors import CODES, Diagnostic, Level

MAX_FINDINGS = 300


@frozen(kw_only=True)
class SheetFinding:
    """One finding at a place of the sheet: `address` is 工作表!D7, 表2 第5行第4列 or 第12行第4列."""

    address: str
    diagnostic: Diagnostic

    @property
    def code(self) -> str:
        """KPInnn, the name of the section in the docs."""
        return self.diagnostic.code

    @property
    def level(self) -> Level:
        """How grave it is: error, 需确认 or info."""
        return self.diagnostic.level

    @property
    def message(self) -> str:
        """What is wrong, in one sentence."""
        return self.diagnostic.message

    def __str__(self) -> str:
        return f"{self.address}　{self.diagnostic}" if self.address else str(self.diagnostic)

    def to_dict(self) -> dict[str, object]:
        """Plain data for JSON."""
        return {"address": self.address, **self.diagnostic.to_dict()}


@define
class Findings:
    """Collects findings while a sheet is read."""

    found: list[SheetFinding] = field(factory=list)
    seen: set[tuple[str, str]] = field(factory=set)

    def add(
        self,
        code: str,
        address: str,
        message: str,
        *,
        level: Level = "error",
        hint: str = "",
        example: str | None = None,
    ) -> None:
        """Add a finding; what was said of a place is not said again, and the list ends at MAX_FINDINGS."""
        example = (CODES[code][1] if level == "error" and not hint else "") if example is None else example
        diagnostic = Diagnostic(code=code, message=message, level=level, hint=hint, example=example)
        self.take(address, diagnostic)

    def take(self, address: str, diagnostic: Diagnostic) -> None:
        """Add a diagnostic at a place."""
        key = (address, f"{diagnostic.code}{diagnostic.message}")
        if key in self.seen or len(self.found) > MAX_FINDINGS:
            return
        self.seen.add(key)
        if len(self.found) == MAX_FINDINGS:
            message = f"问题超过 {MAX_FINDINGS} 处，后面的没有列出来"
            address, diagnostic = "", Diagnostic(code="KPI102", message=message, hint="先改前面的，再导入一次")
        self.found.append(SheetFinding(address=address, diagnostic=diagnostic))
