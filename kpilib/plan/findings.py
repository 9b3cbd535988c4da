"""What is found in the text of a plan, each thing at its place; collected, never raised."""

from __future__ import annotations

from typing import Literal

from attrs import define, evolve, field

from kpilib.errors import CODES, Diagnostic
from kpilib.text import Span


@define
class Findings:
    """The findings in one text."""

    source: str
    found: list[Diagnostic] = field(factory=list)

    def take(self, found: tuple[Diagnostic, ...], where: Span) -> None:
        """Add findings of a stretch of the text, moved to their places in the file."""
        for finding in found:
            span = finding.span if finding.span is not None else Span(0, where.end - where.start)
            start = min(where.start + span.start, where.end)
            end = min(where.start + span.end, where.end)
            self.found.append(evolve(finding, span=Span(start, max(start, end)), source=self.source))

    def report(
        self,
        code: str,
        message: str,
        span: Span,
        *,
        hint: str = "",
        example: str | None = None,
        level: Literal["error", "需确认", "info"] = "error",
    ) -> None:
        """Add a finding of the plan's own."""
        example = (CODES[code][1] if not hint else "") if example is None else example
        self.found.append(
            Diagnostic(
                code=code, message=message, level=level, span=span, source=self.source, hint=hint, example=example
            )
        )
