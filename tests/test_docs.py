"""Every sample in the READMEs and the docs runs, and says what it says.

Read from the fences of a page, in order, in one temporary folder and one namespace a page:

- a ```python block with >>> prompts is a doctest; one without must at least be Python;
- a ```kpi file=NAME or ```csv file=NAME block writes that file;
- a ```console block holds `$ command` lines, each followed by exactly what it prints.

Anything else (```bash, ```text, …) is for people to read.
"""

import doctest
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

pytestmark = pytest.mark.checkout

CHECKOUT = Path(__file__).resolve().parents[1]
PAGES = [
    *(page for page in (CHECKOUT / "README.md", CHECKOUT / "README.zh-CN.md") if page.exists()),
    *sorted((CHECKOUT / "docs").glob("*.md")),
]
FENCE = re.compile(r"(?P<indent> *)(?P<ticks>`{3,}|~{3,})(?P<info>.*)")
FILE = re.compile(r"file=(\S+)")


class Block(NamedTuple):
    """One fenced block: its first word, its whole info string, its text, and the line its text starts on."""

    kind: str
    info: str
    text: str
    line: int


def blocks(page: str) -> list[Block]:
    """The fenced blocks of a page; a fence that nothing closes is an error, as it hides what follows."""
    found: list[Block] = []
    opened: re.Match[str] | None = None
    start, held = 0, []
    for number, line in enumerate(page.splitlines(), start=1):
        fence = FENCE.fullmatch(line)
        if opened is None:
            if fence:
                opened, start, held = fence, number + 1, []
        elif fence and fence["ticks"].startswith(opened["ticks"]) and not fence["info"].strip():
            info = opened["info"].strip()
            text = "".join(f"{line.removeprefix(opened['indent'])}\n" for line in held)
            found.append(Block(info.partition(" ")[0], info, text, start))
            opened = None
        else:
            held.append(line)
    if opened is not None:
        raise ValueError(f"line {start - 1}: this fence is never closed")
    return found


def run_python(block: Block, name: str, namespace: dict[str, object]) -> str:
    if ">>>" not in block.text:
        compile(block.text, f"{name}:{block.line}", "exec")
        return ""
    test = doctest.DocTestParser().get_doctest(block.text, {}, name, name, block.line - 1)
    # get_doctest copies the names it is given; one namespace a page needs the page's own.
    test.globs = namespace
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(test, out=report.append, clear_globs=False)
    return "".join(report)


def commands(text: str) -> list[tuple[str, str]]:
    """Each `$ command` of a console block with what is to follow it."""
    found: list[tuple[str, str]] = []
    for line in text.splitlines():
        if line.startswith("$ "):
            found.append((line[2:], ""))
        elif found:
            found[-1] = (found[-1][0], f"{found[-1][1]}{line}\n")
        else:
            raise ValueError(f"a console block starts with a command, not with {line!r}")
    return found


def run_console(block: Block, name: str, folder: Path) -> str:
    # A shim named kpilib, so that this checkout's command line runs whatever else is installed.
    shim = folder / ".bin" / "kpilib"
    shim.parent.mkdir(exist_ok=True)
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m kpilib.cli "$@"\n', encoding="utf-8")
    shim.chmod(0o755)
    env = os.environ | {
        "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
        "PYTHONUTF8": "1",
        "LC_ALL": "C.UTF-8",
        "COLUMNS": "80",
        "NO_COLOR": "1",
    }
    report, status = "", 0
    for command, expected in commands(block.text):
        # The status of the command before, so that a page can show it by `$ echo $?`.
        run = subprocess.run(
            ["bash", "-c", f"(exit {status})\n{command}"],
            cwd=folder,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            timeout=120,
        )
        status = run.returncode
        if run.stdout.rstrip("\n") != expected.rstrip("\n"):
            report += (
                f"{name}:{block.line}\n$ {command}\n-- expected\n{expected}-- printed (exit {status})\n{run.stdout}"
            )
    return report


def run_page(page: Path, folder: Path) -> tuple[str, int]:
    """What is wrong with a page's samples, and how many blocks ran."""
    namespace: dict[str, object] = {"__name__": "__main__"}
    report, ran = "", 0
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.kind in {"{code-block}", "{code}", "{doctest}", "{testcode}"}:
            report += f"{page.name}:{block.line}: write ```python or ```console; nothing would run {block.kind}\n"
        elif block.kind in {"kpi", "csv"} and (file := FILE.search(block.info)):
            (folder / file[1]).write_text(block.text, encoding="utf-8")
        elif block.kind == "python":
            report += run_python(block, page.name, namespace)
            ran += ">>>" in block.text
        elif block.kind == "console":
            report += run_console(block, page.name, folder)
            ran += 1
    return report, ran


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_samples(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    report, _ = run_page(page, tmp_path)
    assert report == "", f"\n{report}"


GOOD = """\
```csv file=facts.csv
姓名,回款率
```

- in a list:

  ```python
  >>> x = 1
  ```

```python
>>> from pathlib import Path
>>> x + 1, Path("facts.csv").read_text(encoding="utf-8")
(2, '姓名,回款率\\n')
```

```console
$ cat facts.csv; false
姓名,回款率
$ echo $?
1
```

```bash
pip install nothing-that-runs
```
"""


def test_a_page_runs_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = tmp_path / "page.md"
    page.write_text(GOOD, encoding="utf-8")
    assert run_page(page, tmp_path) == ("", 3)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("\n```python\n>>> 1 + 1\n3\n```\n", 'File "page.md", line 3'),
        ("```python\n>>> missing\n```\n", "NameError"),
        ("```console\n$ echo 二\n三\n```\n", "page.md:2\n$ echo 二\n-- expected\n三\n-- printed (exit 0)\n二\n"),
        ("```console\n$ echo '1 '\n1\n```\n", "printed"),
        ("```{code-block} python\n>>> 1\n```\n", "page.md:2"),
    ],
)
def test_a_wrong_sample_is_reported(text: str, said: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    assert said in run_page(page, tmp_path)[0]


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\n>>> 1\n", "never closed"),
        ("```console\nno command\n```\n", "starts with a command"),
        ("```python\nx = = 1\n```\n", "invalid syntax"),
    ],
)
def test_a_page_that_cannot_be_read_fails(text: str, error: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(text, encoding="utf-8")
    with pytest.raises((ValueError, SyntaxError), match=error):
        run_page(page, tmp_path)
