"""Modules of the application that define models and that nothing has imported: found by reading them, not by importing."""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from .._python import parsed

MOST_FILES = 5_000
PROMISING = re.compile(r"__tablename__|\bModel\b|mapped_column|\bTable\(|\bColumn\(")
LEFT_OUT = {"tests", "test", "node_modules", "site-packages", "venv", "migrations", "alembic"}


@dataclass(frozen=True)
class ModelModule:
    """A module, by its dotted name, and the tables of its models."""

    name: str
    tables: tuple[str, ...]


def not_imported(roots: Iterable[Path], migrations: Path) -> list[ModelModule]:
    """The modules under an application's package, or beside its module, that define models and are not in this process."""
    loaded = {os.path.realpath(file) for each in list(sys.modules.values()) if (file := getattr(each, "__file__", None))}
    found: list[ModelModule] = []
    for root in roots:
        top = top_package(root)
        for path in python_files(top, migrations):
            if os.path.realpath(path) not in loaded and (tables := tables_in(path)):
                found.append(ModelModule(dotted(path, top), tables))
    return found


def top_package(folder: Path) -> Path:
    """The outermost package that a folder is in; the folder itself where it is no package."""
    while (folder / "__init__.py").exists() and (folder.parent / "__init__.py").exists():
        folder = folder.parent
    return folder


def python_files(folder: Path, migrations: Path) -> Iterator[Path]:
    """The modules of a package and of the packages in it; of a plain folder, its modules and packages."""
    left = MOST_FILES
    for path, folders, files in os.walk(folder):
        here = Path(path)
        folders[:] = sorted(
            name
            for name in folders
            if name not in LEFT_OUT
            and name.isidentifier()
            and (here / name / "__init__.py").exists()
            and here / name != migrations
        )
        for name in sorted(files):
            if name.endswith(".py") and not name.startswith("test_") and name not in ("conftest.py", "setup.py"):
                left -= 1
                if left < 0:
                    return
                yield here / name


def dotted(path: Path, top: Path) -> str:
    """The name by which a module is imported."""
    base = top.parent if (top / "__init__.py").exists() else top
    parts = list(path.relative_to(base).with_suffix("").parts)
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def tables_in(path: Path) -> tuple[str, ...]:
    """The tables of the models in a file; none where it cannot be read."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        if not PROMISING.search(text):
            return ()
        tree = parsed(text)
    except (OSError, SyntaxError, ValueError):
        return ()
    found = [name for node in tree.body for name in tables_of(node)]
    return tuple(dict.fromkeys(found))


def tables_of(node: ast.stmt) -> Iterator[str]:
    """The table of a model class, or of a ``Table(…)``."""
    if isinstance(node, ast.ClassDef):
        values = {
            target.id: each.value
            for each in node.body
            if isinstance(each, (ast.Assign, ast.AnnAssign)) and each.value is not None
            for target in (each.targets if isinstance(each, ast.Assign) else [each.target])
            if isinstance(target, ast.Name)
        }
        if isinstance(values.get("__abstract__"), ast.Constant):
            return
        named = values.get("__tablename__")
        if isinstance(named, ast.Constant) and isinstance(named.value, str):
            yield named.value
        elif any(isinstance(base, ast.Attribute) and base.attr == "Model" for base in node.bases) and has_columns(values):
            yield snake_case(node.name)
    elif isinstance(node, ast.Assign) and isinstance(node.value, ast.Call):
        call = node.value
        name = call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        first = call.args[0] if call.args else None
        if name == "Table" and len(call.args) > 1 and isinstance(first, ast.Constant) and isinstance(first.value, str):
            yield first.value


def has_columns(values: dict[str, ast.expr]) -> bool:
    """Whether a class assigns columns."""
    calls = [each.func for each in values.values() if isinstance(each, ast.Call)]
    names = {call.attr if isinstance(call, ast.Attribute) else getattr(call, "id", "") for call in calls}
    return bool(names & {"Column", "mapped_column"})


def snake_case(name: str) -> str:
    """The table name that Flask-SQLAlchemy makes of a class."""
    found = re.sub(r"((?<=[a-z0-9])[A-Z]|(?!^)[A-Z](?=[a-z]))", r"_\1", name)
    return found.lower().lstrip("_")
