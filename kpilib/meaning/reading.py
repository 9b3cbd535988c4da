"""口径: every choice that a rule's text leaves open, as a named option with a default."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Literal

from attrs import Attribute, field, frozen

from kpilib.errors import InputError


def _names(options: Iterable[str]) -> frozenset[str]:
    return frozenset(options)


def _one_of(*options: Any) -> Callable[[Any, Attribute[Any], Any], None]:
    def check(_: Any, option: Attribute[Any], value: Any) -> None:
        if type(value) is not type(options[0]) or value not in options:
            listed = "、".join(map(str, options))
            raise InputError(f"口径 {option.name} 没有 {str(value)[:40]!r} 这个值", code="KPI706", hint=f"可选：{listed}",
                             example=f"Reading({option.name}={options[0]!r})")  # fmt: skip

    return check


StepMode = Literal["linear", "floor", "ceil"]


@frozen(kw_only=True)
class Reading:
    """How the open places of a rule are read; `stated` names the options that the plan's 口径 settles itself.

    Raises:
        InputError: an option has a value that is not listed (KPI706).
    """

    step: StepMode = field(default="linear", validator=_one_of("linear", "floor", "ceil"))
    """A fraction of a step: 按比例 (linear), 不计 (floor) or 按一档计 (ceil)."""
    places: int = field(default=2, validator=_one_of(*range(7)))
    """Decimal places of an item's points, a half rounded away from zero."""
    shared_bound: Literal["better", "worse"] = field(default="better", validator=_one_of("better", "worse"))
    """Which rung takes a bound that two rungs name: the one better for the person, or the worse."""
    ladder: Literal["ask", "listed", "hundred"] = field(default="ask", validator=_one_of("ask", "listed", "hundred"))
    """A ladder whose top is not the full marks: refuse unless it is 100, take its points as listed, or as hundredths."""
    above_full: Literal["allow", "cap"] = field(default="allow", validator=_one_of("allow", "cap"))
    """Whether a proportional score may pass the full marks where the rule does not speak of 满分."""
    stated: frozenset[str] = field(default=frozenset(), converter=_names)

    def settles(self, option: str) -> bool:
        """Whether the option was chosen on purpose, so that its note need not ask again."""
        return option in self.stated or getattr(self, option) != getattr(_DEFAULT, option)


_DEFAULT = Reading()
