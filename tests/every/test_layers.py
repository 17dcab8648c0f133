"""A package never imports one that stands below it in architecture order; heavy and printing modules have their places."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

SOURCE = Path(__file__).parents[2] / "src" / "whimbrel"

# From the top: what stands further down may import what stands above it.
ORDER = (
    "_version",
    "errors",
    "events",
    "lines",
    "_registry",
    "_python",
    "settings",
    "project",
    "databases",
    "dialects",
    "schema",
    "revisions",
    "_alembic_mysql",
    "_alembic",
    "_alembic_compare",
    "_alembic_models",
    "_alembic_paper",
    "autogenerate",
    "plan",
    "hazards",
    "execution",
    "backup",
    "commands",
    "reports",
    "extension",
    "__init__",
    "compat",
    "cli",
    "__main__",
)

# Where else a module may be imported than in the modules named here is a mistake.
ONLY_IN = {
    "flask": ("extension",),
    "click": ("commands", "extension", "cli", "reports.text"),
}

PRINTS = ("reports",)


def modules() -> list[Path]:
    return [path for path in sorted(SOURCE.rglob("*.py")) if "templates" not in path.parts]


def name_of(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE).with_suffix("").parts)


def imports(path: Path) -> Iterator[str]:
    """Every module that a file imports, at any depth; our own without the name of the package."""
    package = list(path.relative_to(SOURCE).parent.parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.removeprefix("whimbrel.") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            inside = [*base, *(node.module.split(".") if node.module else [])]
            yield from ([".".join(inside)] if inside else (alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom):
            yield (node.module or "").removeprefix("whimbrel.")


def layer(module: str) -> str:
    return module.split(".")[0]


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_imports_go_upwards_only(path):
    own = layer(name_of(path))
    assert own in ORDER, f"{own} has no place in the order"
    wrong = [name for name in imports(path) if layer(name) in ORDER and ORDER.index(layer(name)) > ORDER.index(own)]
    assert not wrong, f"{own} imports what stands below it: {wrong}"


def test_every_layer_exists():
    known = {layer(name_of(path)) for path in modules()}
    assert known == set(ORDER)


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_libraries_have_their_place(path):
    for name in imports(path):
        allowed = ONLY_IN.get(layer(name))
        if allowed is not None:
            assert name_of(path).startswith(allowed), f"{name} is imported in {name_of(path)}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_nothing_but_a_report_prints_or_exits(path):
    if name_of(path).startswith(PRINTS) or name_of(path) == "_alembic":  # which sends away what Alembic prints
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in ("print", "input", "exit", "quit"), f"line {node.lineno}"
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == "sys":
            assert node.attr not in ("stdout", "stderr", "exit"), f"line {node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_private_names_of_alembic_and_sqlalchemy_have_one_place(path):
    if name_of(path).startswith("_alembic"):
        return
    flask_calls_it_public = {"_get_current_object"}
    ours = {node.name for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.FunctionDef)}
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__"):
            is_own = isinstance(node.value, ast.Name) and node.value.id in ("self", "cls", "sys")
            assert is_own or node.attr in ours | flask_calls_it_public, f"{node.attr} in line {node.lineno}"
        if isinstance(node, ast.ImportFrom) and (node.module or "").split(".")[0] in ("alembic", "sqlalchemy"):
            private = [part for part in (*node.module.split("."), *(alias.name for alias in node.names)) if part.startswith("_")]
            assert not private, f"{private} in line {node.lineno}"


@pytest.mark.parametrize("path", modules(), ids=name_of)
def test_a_module_says_what_it_promises_and_has_one_noun(path):
    text = path.read_text(encoding="utf-8")
    assert ast.get_docstring(ast.parse(text)), "no docstring"
    assert len(text.splitlines()) <= 400, "too long for one noun"


def test_syntax_trees_are_made_by_one_thread_at_a_time():
    found = [
        path for path in SOURCE.rglob("*.py") if re.search(r"\bast\.parse\(|PyCF_ONLY_AST", path.read_text(encoding="utf-8"))
    ]
    assert [path.name for path in found] == ["_python.py"]
