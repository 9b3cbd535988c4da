"""Plans from files, and the ready-made ones that are shipped."""

from __future__ import annotations

import os
from difflib import get_close_matches
from importlib.resources import files
from pathlib import Path

from kpilib.errors import InputError, PlanError, system_reason
from kpilib.plan.document import Plan
from kpilib.plan.reader import parse_plan
from kpilib.syntax.plan_text import MAX_BYTES

_SUFFIX = ".kpi"


def plans() -> tuple[str, ...]:
    """The names of the shipped plans, for load_plan."""
    return tuple(
        sorted(
            entry.name.removesuffix(_SUFFIX)
            for entry in (files("kpilib") / "plans").iterdir()
            if entry.name.endswith(_SUFFIX)
        )
    )


def load_plan(path: str | os.PathLike[str]) -> Plan:
    """Read a plan from a file, or the shipped one of that name.

    Raises:
        PlanError: KPI807 no such file, KPI102 above 2 MB, KPI703 not UTF-8, and every mistake in the text.
        InputError: KPI801, neither a path nor a name.
    """
    return parse_plan(plan_text(path))


def plan_text(path: str | os.PathLike[str]) -> str:
    """The text of a plan file or of a shipped plan.

    Raises:
        PlanError: KPI807 no such file, KPI102 above 2 MB, KPI703 not UTF-8.
        InputError: KPI801, neither a path nor a name.
    """
    name = _name_of(path)
    if name in plans():
        return (files("kpilib") / "plans" / f"{name}{_SUFFIX}").read_text(encoding="utf-8")
    try:
        with Path(name).open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = system_reason(error) if isinstance(error, OSError) else "名称不能用"
        near = get_close_matches(name[:60], plans(), n=1, cutoff=0.5)
        hint = f"是不是自带的方案「{near[0]}」？" if near else f"自带的方案有：{'、'.join(plans())}"
        raise PlanError(f"读不了「{name[:200]}」：{reason}", code="KPI807", hint=hint, example="") from None
    if len(data) > MAX_BYTES:
        raise PlanError(f"「{name[:200]}」超过 2 MB", code="KPI102", hint="一个方案文件最多 2 MB")
    return decoded(data, name)


def _name_of(path: object) -> str:
    if isinstance(path, (str, os.PathLike)) and isinstance(name := os.fspath(path), str):
        return name
    raise InputError(
        f"方案要给文件的路径或自带方案的名称，不是 {type(path).__name__}", code="KPI801",
        hint="方案的文字用 parse_plan 读", example='load_plan("方案.kpi")',
    )  # fmt: skip


def decoded(data: bytes, name: str = "") -> str:
    """The text of a file's bytes; a byte order mark is dropped.

    Raises:
        PlanError: KPI703, the bytes are not UTF-8; the hint says what they look like.
    """
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        hint = "用记事本打开，另存为，编码选 UTF-8"
        if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
            hint = f"像是 UTF-16（Unicode）编码：{hint}"
        else:
            try:
                data.decode("gb18030")
                hint = f"像是 GBK（ANSI）编码：{hint}"
            except UnicodeDecodeError:
                pass
        raise PlanError(
            f"「{name[:200]}」不是 UTF-8 编码（第 {error.start + 1} 个字节）", code="KPI703", hint=hint
        ) from None
