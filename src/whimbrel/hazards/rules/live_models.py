"""A revision uses the models of the application as they are today.

The models go on to change, and the revision then selects columns that are not there yet when it runs: on a new database it
fails. ``db.metadata.create_all()`` in a revision makes tables that later revisions are to make.

Name the tables and columns in the revision itself: ``sa.table("person", sa.column("name"))``.
"""

from __future__ import annotations

import ast
import os
import re
import sys
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.types import TypeEngine

from ..._python import parsed
from ...revisions.read import source_of
from ..rule import Case, Found, Rule
from ._sql import is_first_of_revision

OTHERS = re.compile(r"^\s*(?:from|import)\s+(?!(?:alembic|sqlalchemy|typing|datetime|uuid|__future__)\b)", re.MULTILINE)
"""Imports of something else than every revision has: hundreds of files need not be parsed for it."""

NO_TABLES = ("__tablename__", "naming_convention")
"""What may be asked of the models, and is none of their tables or columns."""
ALL_TABLES = ("metadata", "create_all", "drop_all")
"""What has, makes or drops every table there is in the models."""


def look(case: Case) -> Iterator[Found]:
    """What the text of the revision imports: mapped classes, tables, and what holds all tables. Nothing is imported for that."""
    if not is_first_of_revision(case):
        return
    path = case.planned.revision.path
    source = source_of(path) or ""
    names = [name for module, name in imported(source if OTHERS.search(source) else "") if is_model(module, name, path.parent)]
    if names:
        listed = ", ".join(dict.fromkeys(names))
        yield Found(case.planned.revision.id, f"it uses {listed} as the application has it today")


@lru_cache(maxsize=8)
def imported(source: str) -> tuple[tuple[str, str], ...]:
    """What a source takes from modules, and uses for more than the name of a table: of each the module, and the name there."""
    try:
        nodes = list(ast.walk(parsed(source)))
    except (SyntaxError, ValueError):
        return ()
    found: list[tuple[str, str]] = []
    modules: dict[str, str] = {}
    names = {id(node.value) for node in nodes if isinstance(node, ast.Attribute) and node.attr in NO_TABLES}
    used = {node.id for node in nodes if isinstance(node, ast.Name) and id(node) not in names}
    for node in nodes:
        if isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found += [(node.module, each.name) for each in node.names if (each.asname or each.name) in used]
            modules |= {each.asname or each.name: f"{node.module}.{each.name}" for each in node.names}
        elif isinstance(node, ast.Import):
            modules |= {each.asname or each.name: each.name for each in node.names}
    for node in nodes:
        if isinstance(node, ast.Attribute) and id(node) not in names:
            text = dotted(node.value)
            owner, _, last = text.rpartition(".")
            if module := modules.get(text) or (owner in modules and f"{modules[owner]}.{last}"):
                found.append((module, node.attr))
    return tuple(found)


def dotted(node: ast.expr) -> str:
    """``app.models`` of an expression that is no more than that."""
    return ast.unparse(node) if isinstance(node, (ast.Name, ast.Attribute)) else ""


def is_model(module: str, name: str, versions: Path) -> bool:
    """Whether that is a mapped class, a table or all tables, of a module that is loaded, and not the migrations' own.

    All tables are a MetaData, or what has one: ``db.metadata``, ``db.create_all``; not a type, which may have one, too.
    """
    loaded = sys.modules.get(module)
    thing: Any = getattr(loaded, "__dict__", {}).get(name)
    is_one = isinstance(thing, (sa.Table, sa.MetaData))
    is_one = is_one or (isinstance(thing, type) and isinstance(vars(thing).get("__table__"), sa.Table))
    if loaded is None and name in ALL_TABLES:
        module, _, last = module.rpartition(".")
        loaded = sys.modules.get(module)
        owner: Any = getattr(loaded, "__dict__", {}).get(last)
        is_one = not isinstance(owner, TypeEngine) and isinstance(getattr(owner, "metadata", None), sa.MetaData)
    place = getattr(loaded, "__file__", None)
    return is_one and (place is None or not is_within(place, versions.parent))


def is_within(path: str, folder: Path) -> bool:
    """Whether a file is in a folder."""
    return os.path.realpath(path).startswith(os.path.realpath(folder) + os.sep)


rule = Rule(
    code="models-in-revision",
    severity="notice",
    why="A revision must do the same in a year, and the models will be others by then.",
    look=look,
    bad="""from app import Person

    op.execute(sa.update(Person).values(age=1).where(Person.id == 1))""",
    good="""person = sa.table("person", sa.column("id"), sa.column("age"))
    op.execute(sa.update(person).values(age=1).where(person.c.id == 1))""",
)
