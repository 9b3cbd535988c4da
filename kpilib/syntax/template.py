"""Holes: the numbers that an author left blank, their names, and filling them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from attrs import evolve, frozen

from kpilib.errors import InputError
from kpilib.quantity import PLAIN, Quantity, Unit, exact, parse_quantity
from kpilib.syntax.tree import (
    Amount,
    Award,
    Between,
    Choice,
    Comparison,
    FullMarks,
    Limit,
    Occurrence,
    Otherwise,
    Points,
    Proportional,
    RuleTree,
    Rung,
    Step,
    StepPart,
    Target,
)  # fmt: skip
from kpilib.text import Span


@frozen
class Hole:
    """A blank: what it is called, the unit that its value needs, where it stands."""

    name: str
    unit: str
    span: Span


def _blanks(node: Any, role: str) -> Iterator[tuple[Amount, str]]:
    """Blank amounts below a node with what they are for."""
    match node:
        case Amount(value=None):
            yield node, role
        case Target(amount=amount, high=high):
            yield from _blanks(amount, "目标值")
            yield from _blanks(high, "目标值上限")
        case Step(parts=parts, award=award):
            for part in parts:
                yield from _blanks(part, "加减")
            yield from _blanks(award, "")
        case StepPart(direction=direction, amount=amount):
            yield from _blanks(amount, "每高多少" if direction == "up" else "每低多少")
        case Occurrence(amount=amount, award=award):
            yield from _blanks(amount, "每几次")
            yield from _blanks(award, "")
        case Rung(condition=condition, award=award):
            yield from _blanks(condition, "界限")
            yield from _blanks(award, "")
        case Comparison(amount=amount):
            yield from _blanks(amount, "界限")
        case Between(low=low, high=high):
            yield from _blanks(low, "下限")
            yield from _blanks(high, "上限")
        case Award(kind=kind, points=Points(amount=amount)):
            yield from _blanks(amount, {"set": "得分", "gain": "加分", "deduct": "扣分"}[kind])
        case FullMarks(marks=marks):
            yield from _blanks(marks, "满分")
        case Limit(points=points):
            yield from _blanks(points, "上限分")
        case Proportional(whole=whole):
            yield from _blanks(whole, "满分")
        case Choice(award=award) | Otherwise(award=award):
            yield from _blanks(award, "")
        case tuple() if not isinstance(node, Span):
            for part in node:
                yield from _blanks(part, role)
        case _:
            if hasattr(node, "parts"):
                yield from _blanks(node.parts, role)


def _named(tree: RuleTree) -> list[tuple[str, Amount]]:
    """Blanks by name; a name that is used again gets a number."""
    seen: dict[str, int] = {}
    named: list[tuple[str, Amount]] = []
    for amount, role in _blanks(tree.clauses, ""):
        seen[role] = seen.get(role, 0) + 1
        named.append((role if seen[role] == 1 else f"{role}{seen[role]}", amount))
    return named


def holes_of(tree: RuleTree) -> tuple[Hole, ...]:
    """The holes of a tree, in the order of the text."""
    return tuple(Hole(name, _unit(tree, name, amount).symbol, amount.span) for name, amount in _named(tree))


def _unit(tree: RuleTree, name: str, amount: Amount) -> Unit:
    """The unit that a blank needs; a target that was left without one is held against the steps, in their unit."""
    if amount.unit is PLAIN and name.startswith("目标值"):
        steps = [part.amount.unit for clause in tree.clauses if isinstance(clause, Step) for part in clause.parts]
        return steps[0] if steps else PLAIN
    return amount.unit


def fill(tree: RuleTree, values: Mapping[str, Any]) -> RuleTree:
    """The tree with the named blanks filled; the others stay blank.

    Raises:
        InputError: a name that is no hole, or a value whose unit does not fit.
    """
    named = _named(tree)
    known = [name for name, _ in named]
    for name in values:
        if name not in known:
            raise InputError(
                f"没有叫「{name}」的空",
                code="KPI804",
                hint=f"空着的是：{'、'.join(known)}" if known else "这条规则没有空",
            )
    new = {
        id(amount): _filled(name, amount, _unit(tree, name, amount), values[name])
        for name, amount in named
        if name in values
    }
    return RuleTree(_replaced(tree.clauses, new), tree.source)


def _filled(name: str, amount: Amount, unit: Unit, value: Any) -> Amount:
    """The amount with its value; where the author gave no unit, the value may bring its own."""
    quantity = (
        parse_quantity(value)
        if isinstance(value, str)
        else value
        if isinstance(value, Quantity)
        else Quantity(exact(value))
    )
    if amount.unit is PLAIN and name.startswith("目标值") and quantity.unit is not PLAIN:
        unit = quantity.unit
    if quantity.unit is not PLAIN and quantity.unit.kind != unit.kind:
        raise InputError(
            f"「{name}」要的单位是「{unit.symbol}」，给的是「{quantity.unit.symbol}」",
            code="KPI401",
            example=f"2{unit.symbol}",
        )
    number = quantity.number if quantity.unit is PLAIN else quantity.base / unit.size
    rest = number.denominator
    for prime in (2, 5):
        while rest % prime == 0:
            rest //= prime
    if number < 0 or rest != 1:
        raise InputError(
            f"「{name}」要写成规则里能写的数，给的是 {number}", code="KPI801", hint="不小于 0 的有限小数", example="2.5"
        )
    return evolve(amount, value=number, unit=unit)


def _replaced(node: Any, new: dict[int, Amount]) -> Any:
    if id(node) in new:
        return new[id(node)]
    if isinstance(node, tuple) and not isinstance(node, Span):
        return tuple(_replaced(part, new) for part in node)
    if isinstance(node, Amount) or not hasattr(type(node), "__attrs_attrs__"):
        return node
    names = [
        name
        for name in ("parts", "award", "points", "amount", "high", "low", "condition", "marks", "whole")
        if hasattr(node, name)
    ]
    return evolve(node, **{name: _replaced(getattr(node, name), new) for name in names})
