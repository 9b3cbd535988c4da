"""The house rules that a linter cannot see: who imports whom, when, and how long a file may grow."""

import ast
import builtins
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

import kpilib

pytestmark = pytest.mark.checkout

CHECKOUT = Path(__file__).resolve().parents[1]
PACKAGE = CHECKOUT / "kpilib"

# Lowest first; rooms on one line do not see each other.
ROOMS = (
    {"text"},
    {"errors"},
    {"quantity"},
    {"period"},
    {"syntax"},
    {"meaning"},
    {"engines"},
    {"inputs"},
    {"views"},
    {"rule"},
    {"compiler"},
    {"plan"},
    {"output"},
    {"sheets"},
    {"cli_click"},
    {"cli_options"},
    {"cli_facts"},
    {"cli"},
)
LEVEL = {room: level for level, rooms in enumerate(ROOMS) for room in rooms}

LARK_USERS = {"kpilib.syntax.lalr"}
# The other engines must not answer by asking the one they are compared with.
SCALAR_USERS = {"kpilib.engines", "kpilib.engines.columns"}
HEAVY = {
    "chinese_calendar",
    "click",
    "docx",
    "duckdb",
    "lxml",
    "numpy",
    "polars",
    "python_calamine",
    "sqlglot",
    "xlsxwriter",
}
# Imports inside functions, for the time they take where they are seldom wanted.
LAZY = {
    ("kpilib", "kpilib.period"),
    ("kpilib", "kpilib.plan"),
    ("kpilib", "kpilib.sheets"),
    ("kpilib.inputs", "kpilib.period"),
    ("kpilib.syntax.table", "kpilib.syntax.lalr.table_text"),
}
# Accepted where the user has them, so no extra needs to list them.
GUESTS = {"duckdb", "numpy", "pandas", "polars", "pyarrow", "sqlglot"}

# Where a package is installed by one name and imported by another.
IMPORTED_AS = {"chinesecalendar": "chinese_calendar"}

MAX_LINES = 400
LONG_FILES: dict[str, str] = {}  # path -> the reason why splitting it would read worse


def sources() -> list[Path]:
    return sorted(PACKAGE.rglob("*.py"))


def module_name(path: Path) -> str:
    parts = path.relative_to(CHECKOUT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def room_of(module: str) -> str:
    """The first part below kpilib; empty for the package itself, which may import any room."""
    return module.partition(".")[2].partition(".")[0]


def targets(node: ast.Import | ast.ImportFrom, path: Path) -> list[str]:
    """What a statement names, absolute; 「from kpilib import text」 names kpilib.text."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    base = node.module or ""
    if node.level:
        package = module_name(path) if path.name == "__init__.py" else module_name(path).rpartition(".")[0]
        above = package.split(".")[: len(package.split(".")) - node.level + 1]
        base = ".".join([*above, *([base] if base else [])])
    return [f"{base}.{alias.name}" for alias in node.names]


def imports(path: Path) -> Iterator[tuple[int, str, bool]]:
    """Line, module and whether the import stands inside a function, for every import of a file."""

    def walk(node: ast.AST, inside: bool) -> Iterator[tuple[int, str, bool]]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import | ast.ImportFrom):
                yield from ((child.lineno, target, inside) for target in targets(child, path))
            deeper = inside or isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, deeper)

    yield from walk(ast.parse(path.read_text(encoding="utf-8")), inside=False)


def extras() -> set[str]:
    """Import names of what the extras for users install."""
    groups = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "optional-dependencies"
    ]
    wanted = [line for name, lines in groups.items() if name not in {"dev", "docs", "test"} for line in lines]
    found = {re.split(r"[^A-Za-z0-9_.-]", line)[0].replace("-", "_") for line in wanted}
    return {IMPORTED_AS.get(name, name) for name in found} - {"kpilib"} | GUESTS


def misplaced(path: Path, allowed_inside: set[str]) -> list[str]:
    """What is wrong with the imports of one file, a line each."""
    module, wrong = module_name(path), []
    home = room_of(module)
    for line, target, inside in imports(path):
        where = f"{module}:{line} imports {target}"
        top = target.partition(".")[0]
        if inside and top not in allowed_inside and (module, target) not in LAZY:
            wrong.append(f"{where} inside a function, which only an extra's package may be")
        if top == "lark" and module not in LARK_USERS:
            wrong.append(f"{where}: only {sorted(LARK_USERS)} may")
        if top != "kpilib" or not home:
            continue
        room = room_of(target)
        if room not in LEVEL:
            # The package imports every other room, so only the top one may import the package.
            if home != "cli":
                wrong.append(f"{where}: a room imports rooms below it, not the package")
        elif room != home and LEVEL[room] >= LEVEL[home]:
            wrong.append(f"{where}: {home} stands below {room} or beside it")
        elif home == "engines" and room == "syntax":
            wrong.append(f"{where}: engines see expressions, never trees")
        elif target.startswith("kpilib.engines.scalar") and home == "engines" and module not in SCALAR_USERS:
            wrong.append(f"{where}: only {sorted(SCALAR_USERS)} may")
    return wrong


def test_imports_go_one_way() -> None:
    allowed = extras()
    wrong = [line for path in sources() for line in misplaced(path, allowed)]
    assert not wrong, "\n".join(wrong)


def test_every_module_has_a_room() -> None:
    unknown = {module_name(path) for path in sources() if (room := room_of(module_name(path))) and room not in LEVEL}
    assert unknown == set()


def test_the_import_check_sees_what_it_forbids(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "CHECKOUT", tmp_path)
    bad = tmp_path / "kpilib" / "engines" / "bad.py"
    bad.parent.mkdir(parents=True)
    bad.write_text(
        "import lark\n"
        "from kpilib.syntax import tree\n"
        "from .. import rule\n"
        "import kpilib\n"
        "def f():\n"
        "    import json\n"
        "    import xlsxwriter\n"
        "from kpilib.engines import scalar\n"
        "from kpilib.meaning.expr import Const\n"
        "from .scalar import evaluate\n",
        encoding="utf-8",
    )
    lines = [int(found.split(":")[1].split()[0]) for found in misplaced(bad, {"xlsxwriter"})]
    assert lines == [1, 2, 3, 4, 6, 8, 10]


def test_files_are_read_in_one_sitting() -> None:
    lengths = {str(p.relative_to(CHECKOUT)): len(p.read_text(encoding="utf-8").splitlines()) for p in sources()}
    long = {path for path, length in lengths.items() if length > MAX_LINES}
    assert long == LONG_FILES.keys()


def test_all_is_sorted_complete_and_shadows_nothing() -> None:
    listed = kpilib.__all__
    assert len(listed) == len(set(listed))  # ruff (RUF022) keeps the order
    public = {
        name for name, value in vars(kpilib).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert [name for name in listed if not hasattr(kpilib, name)] == []
    assert public - {"TYPE_CHECKING", "Any"} <= set(listed)
    assert [name for name in listed if hasattr(builtins, name)] == []


def test_the_package_file_holds_imports_and_names_only() -> None:
    body = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8")).body
    assert ast.get_docstring(ast.Module(body, [])), "the package needs a docstring"
    rest = [node for node in body[1:] if not isinstance(node, ast.Import | ast.ImportFrom)]
    # Periods and plans come at their first use, for a faster start: their types, and the function that imports them.
    lazy = [
        node
        for node in rest
        if isinstance(node, ast.If) or (isinstance(node, ast.FunctionDef) and node.name == "__getattr__")
    ]
    assert len(lazy) == 2
    rest = [node for node in rest if node not in lazy]
    assigned = [
        target.id
        for node in rest
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    ]
    assert len(assigned) == len(rest)
    assert set(assigned) <= {"__all__", "__version__"}


def test_importing_kpilib_is_light() -> None:
    code = "import sys; before = set(sys.modules); import kpilib; print(*(set(sys.modules) - before))"
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.partition(".")[0] for name in run.stdout.split()}
    assert "kpilib" in loaded
    assert loaded & HEAVY == set()
