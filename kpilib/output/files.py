"""Files that are written whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from kpilib.errors import InputError, system_reason


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A path beside the target to write to; it takes the target's place when the block ends well, else it vanishes.

    A link keeps pointing where it points, and an old file's permissions stay.

    Raises:
        InputError: the folder does not exist or may not be written, or the target is open elsewhere.
    """
    target = Path(os.path.realpath(target))
    if target.is_dir():
        raise InputError(f"{target} 是文件夹", code="KPI807", hint="给一个文件名", example="")
    try:
        handle, name = tempfile.mkstemp(prefix=".kpilib-", suffix=target.suffix, dir=target.parent)
    except OSError as error:
        raise unwritable(target, error) from None
    os.close(handle)
    beside = Path(name)
    try:
        yield beside
        try:
            beside.chmod(target.stat().st_mode & 0o777 if target.exists() else 0o666 & ~_umask())
            beside.replace(target)
        except OSError as error:
            raise unwritable(target, error) from None
    finally:
        with suppress(OSError):
            beside.unlink()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def unwritable(target: Path, error: OSError) -> InputError:
    """The error for a file that cannot be written."""
    return InputError(
        f"写不了 {target}（{system_reason(error)}）",
        code="KPI807",
        hint="看看文件夹在不在、有没有写的权限、文件是不是正在 Excel 里开着",
        example="",
    )
