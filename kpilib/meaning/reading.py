"""口径: every choice that a rule's text leaves open, as a named option with a default."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from attrs import field, frozen, validators


def _names(options: Iterable[str]) -> frozenset[str]:
    return frozenset(options)


StepMode = Literal["linear", "floor", "ceil"]


@frozen(kw_only=True)
class Reading:
    """How the open places of a rule are read; `stated` names the options that the plan's 口径 settles itself.

    Raises:
        ValueError: an option has a value that is not listed.
    """

    step: StepMode = field(default="linear", validator=validators.in_(("linear", "floor", "ceil")))
    """A fraction of a step: 按比例 (linear), 不计 (floor) or 按一档计 (ceil)."""
    places: int = field(default=2, validator=[validators.instance_of(int), validators.ge(0), validators.le(6)])
    """Decimal places of an item's points, a half rounded away from zero."""
    shared_bound: Literal["better", "worse"] = field(default="better", validator=validators.in_(("better", "worse")))
    """Which rung takes a bound that two rungs name: the one better for the person, or the worse."""
    ladder: Literal["ask", "listed", "hundred"] = field(
        default="ask", validator=validators.in_(("ask", "listed", "hundred"))
    )
    """A ladder whose top is not the full marks: refuse unless it is 100, take its points as listed, or as hundredths."""
    above_full: Literal["allow", "cap"] = field(default="allow", validator=validators.in_(("allow", "cap")))
    """Whether a proportional score may pass the full marks where the rule does not speak of 满分."""
    stated: frozenset[str] = field(default=frozenset(), converter=_names)

    def settles(self, option: str) -> bool:
        """Whether the option was chosen on purpose, so that its note need not ask again."""
        return option in self.stated or getattr(self, option) != getattr(_DEFAULT, option)


_DEFAULT = Reading()
