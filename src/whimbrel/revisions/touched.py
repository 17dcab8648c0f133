"""What revisions do to tables and columns, as far as their text tells; nothing is run.

Only what is written out counts: names in calls of ``op`` and of batches, and in plain SQL. A name that is computed is not known.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

from .._python import parsed
from .read import source_of
from .revision import Revision
from .taken import taken

Table = tuple[str | None, str]

CREATE = re.compile(r"\bcreate\s+(?:unlogged\s+)?table\s+(?:if\s+not\s+exists\s+)?([\w.\"`\[\]]+)", re.IGNORECASE)
RENAME = re.compile(r"\balter\s+table\s+([\w.\"`\[\]]+)\s+rename\s+to\s+([\w\"`\[\]]+)", re.IGNORECASE)
RENAME_COLUMN = re.compile(
    r"\balter\s+table\s+(?:if\s+exists\s+)?([\w.\"`\[\]]+)\s+rename\s+column\s+([\w\"`\[\]]+)\s+to\s+([\w\"`\[\]]+)",
    re.IGNORECASE,
)
ADD = re.compile(
    r"\balter\s+table\s+(?:if\s+exists\s+)?([\w.\"`\[\]]+)\s+(add|drop)\s+(?:column\s+)?(?:if\s+(?:not\s+)?exists\s+)?"
    r"(?!(?:column|constraint|primary|unique|foreign|check|index|key|fulltext|spatial|partition|period|system|exclude|if)\b)"
    r"([\w\"`\[\]]+)",
    re.IGNORECASE,
)
DROP = re.compile(r"\bdrop\s+table\s+(?:if\s+exists\s+)?([\w.\"`\[\]]+(?:\s*,\s*[\w.\"`\[\]]+)*)", re.IGNORECASE)
REFERENCES = re.compile(r"\breferences\s+([\w.\"`\[\]]+)(?:\s*\(\s*([\w\"`\[\]]+))?", re.IGNORECASE)

# Which argument names the table, and which the thing in it; in a batch the table is known. None: the whole table.
CALLS: dict[str, tuple[int, int | None]] = {
    "create_table": (0, None),
    "drop_table": (0, None),
    "rename_table": (0, None),
    "add_column": (0, 1),
    "drop_column": (0, 1),
    "alter_column": (0, 1),
    "create_index": (1, 0),
    "drop_index": (1, 0),
    "create_unique_constraint": (1, 0),
    "create_check_constraint": (1, 0),
    "create_foreign_key": (1, 0),
    "create_primary_key": (1, 0),
    "drop_constraint": (1, 0),
}
KEYWORDS = {"table_name", "source_table", "old_table_name"}
THINGS = {"column_name", "index_name", "constraint_name", "column"}

# Which argument of what is created lists columns that must be there.
COLUMNS = {"create_index": 2, "create_unique_constraint": 2, "create_foreign_key": 3, "create_primary_key": 2}
TARGETS = ("ForeignKey", "ForeignKeyConstraint")
"""What names columns of another table, with the table before a dot."""
NEEDS, ENDS = "needs", ("drop_column", "rename_column", "drop_table", "rename_table")
"""What needs a thing, and what puts an end to one of that name."""


class Touch(NamedTuple):
    """A table that a revision changes, or one column, index or constraint of it; how: the name of the operation."""

    table: Table
    thing: str | None
    how: str


class Touches(NamedTuple):
    """All of one function of a revision. has_unknown_tables: whether it creates tables whose names are computed."""

    found: tuple[Touch, ...]
    has_unknown_tables: bool
    words: frozenset[str]
    """Every text in it, where names may come from."""
    enums: tuple[tuple[Table, str, tuple[str, ...]], ...]
    """The values of enum columns: table, column, values."""


def touches(revision: Revision) -> Touches:
    """What the ``upgrade()`` of a revision does."""
    try:
        changed = revision.path.stat().st_mtime_ns
    except OSError:
        changed = 0
    return read(revision.path, changed)


def drops_written_out(revision: Revision, direction: str, line: int = 0) -> tuple[Touch, ...]:
    """The tables and columns that a function of a revision may drop, under whatever condition. line: that it has come to."""
    try:
        changed = revision.path.stat().st_mtime_ns
    except OSError:
        changed = 0
    left_out = "upgrade" if direction == "downgrade" else "downgrade"
    found = read(revision.path, changed, left_out, line).found
    return tuple(touch for touch in found if touch.how in ("drop_table", "drop_column"))


@lru_cache(maxsize=10_000)
def read(path: Path, changed: int, left_out: str = "downgrade", line: int = 0) -> Touches:
    """The same by path. left_out: how the functions are called that don't count. line: that the other one has come to."""
    try:
        tree = parsed(source_of(path) or "")
    except (SyntaxError, ValueError, OSError):
        return Touches((), False, frozenset(), ())
    reader = Reader()
    tree = taken(tree, "upgrade" if left_out == "downgrade" else "downgrade", line)
    for node in reached(tree, left_out):
        reader.visit(node)
    return Touches(tuple(dict.fromkeys(reader.found)), reader.has_unknown_tables, frozenset(reader.words), tuple(reader.enums))


def reached(tree: ast.Module, left_out: str) -> list[ast.stmt]:
    """The statements of a file without the functions of this beginning, and without those that only they name."""
    functions = {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}
    begins = [node for node in tree.body if node not in functions.values()]
    begins += [
        node for name, node in functions.items() if name.startswith(("upgrade", "downgrade")) and not name.startswith(left_out)
    ]
    found: dict[str, None] = {}
    left: list[ast.stmt] = list(begins)
    while left:
        names = {each.id for each in ast.walk(left.pop()) if isinstance(each, ast.Name)}
        new = [name for name in names & functions.keys() - found.keys() if not name.startswith(left_out)]
        found |= dict.fromkeys(new)
        left += [functions[name] for name in new]
    return [node for node in tree.body if node in begins or getattr(node, "name", None) in found]


class Reader(ast.NodeVisitor):
    """Walks through a function."""

    def __init__(self) -> None:
        self.found: list[Touch] = []
        self.has_unknown_tables = False
        self.words: set[str] = set()
        self.batches: dict[str, Table | None] = {}
        self.enums: list[tuple[Table, str, tuple[str, ...]]] = []

    def visit_With(self, node: ast.With) -> None:
        """A batch gives its table a name."""
        for item in node.items:
            call = item.context_expr
            if isinstance(call, ast.Call) and name_of(call) == "batch_alter_table" and isinstance(item.optional_vars, ast.Name):
                name = argument(call, 0, KEYWORDS)
                self.batches[item.optional_vars.id] = (schema_of(call), name) if name else None
        self.generic_visit(node)

    def visit_Constant(self, node: ast.Constant) -> None:
        """A text: a name, or SQL."""
        if isinstance(node.value, str):
            self.words.add(node.value)
            self.found += in_sql(node.value)

    def visit_Call(self, node: ast.Call) -> None:
        """One operation."""
        name = name_of(node)
        if name in CALLS:
            self.operation(node, name)
        elif name in ("create_all", "create"):
            self.has_unknown_tables = True
        elif name in TARGETS:
            targets = [argument(node, 0, {"column"})] if name == "ForeignKey" else listed(node, 1, {"refcolumns"})
            self.found += [
                Touch(plain(table), column, NEEDS) for table, _, column in (each.rpartition(".") for each in targets if each)
            ]
        self.generic_visit(node)

    def operation(self, node: ast.Call, name: str) -> None:
        """What an operation touches."""
        at_table, at_thing = CALLS[name]
        owner = node.func.value.id if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name) else ""
        if owner in self.batches:
            table = self.batches[owner]
            at_thing = None if at_thing is None else 0
        else:
            found = argument(node, at_table, KEYWORDS)
            table = (schema_of(node), found) if found else None
        if table is None:
            self.has_unknown_tables = self.has_unknown_tables or name in ("create_table", "rename_table")
            return
        self.enums += [(table, column, values) for column, values in enums_in(node, name, at_thing)]
        thing = None
        if at_thing is not None:
            thing = argument(node, at_thing, THINGS)
            if thing is None:
                return
        renamed = argument(node, len(node.args), {"new_column_name"}) if name == "alter_column" else None
        self.found.append(Touch(table, thing, "rename_column" if renamed else name))
        if renamed:
            self.found.append(Touch(table, renamed, name))
        if name in COLUMNS:
            columns = listed(node, COLUMNS[name] - (owner in self.batches), {"columns", "local_cols"})
            self.found += [Touch(table, column, NEEDS) for column in columns]
        if name == "create_foreign_key" and (target := argument(node, 2 - (owner in self.batches), {"referent_table"})):
            columns = listed(node, 4 - (owner in self.batches), {"remote_cols"})
            schema = argument(node, len(node.args), {"referent_schema"})
            self.found += [Touch((schema, target), column, NEEDS) for column in columns]
        if name == "rename_table" and (new := argument(node, 0 if owner in self.batches else 1, {"new_table_name"})):
            self.found.append(Touch((table[0], new), None, name))


def name_of(call: ast.Call) -> str:
    """The name of what is called, without what it is an attribute of."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else call.func.id if isinstance(call.func, ast.Name) else ""


def argument(call: ast.Call, at: int, names: set[str]) -> str | None:
    """A text among the arguments: at a position, or of one of these names. Of a column, its name."""
    nodes = [call.args[at]] if at < len(call.args) else [each.value for each in call.keywords if each.arg in names]
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            return node.value
        if isinstance(node, ast.Call):  # sa.Column("name", …), op.f("name")
            return argument(node, 0, {"name"})
    return None


def listed(call: ast.Call, at: int, names: set[str]) -> list[str]:
    """The texts in a list among the arguments: at a position, or of one of these names."""
    nodes = [call.args[at]] if at < len(call.args) else [each.value for each in call.keywords if each.arg in names]
    items = [item for node in nodes if isinstance(node, (ast.List, ast.Tuple)) for item in node.elts]
    return [item.value for item in items if isinstance(item, ast.Constant) and isinstance(item.value, str)]


def enums_in(call: ast.Call, name: str, at_thing: int | None) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The enum columns that an operation creates or changes, with their values."""
    if name == "alter_column":
        column = argument(call, at_thing or 0, THINGS)
        type_ = next((each.value for each in call.keywords if each.arg == "type_"), None)
        if column and (values := enum_values(type_)) is not None:
            yield column, values
    elif name in ("create_table", "add_column"):
        for node in ast.walk(call):
            if isinstance(node, ast.Call) and name_of(node) == "Column" and len(node.args) > 1:
                column = argument(node, 0, {"name"})
                if column and (values := enum_values(node.args[1])) is not None:
                    yield column, values


def enum_values(node: ast.expr | None) -> tuple[str, ...] | None:
    """The values of ``sa.Enum("a", "b")``; None for anything else."""
    if not isinstance(node, ast.Call) or name_of(node) not in ("Enum", "ENUM"):
        return None
    values = [each.value for each in node.args if isinstance(each, ast.Constant) and isinstance(each.value, str)]
    return tuple(values) if values and len(values) == len(node.args) else None


def schema_of(call: ast.Call) -> str | None:
    """The schema that a call names."""
    return argument(call, len(call.args), {"schema", "source_schema"})


def in_sql(text: str) -> Iterator[Touch]:
    """What plain SQL does."""
    if "table" not in text.lower():
        return
    for found in CREATE.finditer(text):
        yield Touch(plain(found[1]), None, "create_table")
    for found in RENAME.finditer(text):
        old, (_, new) = plain(found[1]), plain(found[2])
        yield Touch(old, None, "rename_table")
        yield Touch((old[0], new), None, "rename_table")
    for found in RENAME_COLUMN.finditer(text):
        yield Touch(plain(found[1]), plain(found[2])[1], "rename_column")
        yield Touch(plain(found[1]), plain(found[3])[1], "alter_column")
    for found in ADD.finditer(text):
        yield Touch(plain(found[1]), plain(found[3])[1], f"{found[2].lower()}_column")
    for found in REFERENCES.finditer(text):
        yield Touch(plain(found[1]), plain(found[2])[1] if found[2] else "", NEEDS)
    for found in DROP.finditer(text):
        yield from (Touch(plain(name.strip()), None, "drop_table") for name in found[1].split(","))


def plain(name: str) -> Table:
    """Schema and name without quotes."""
    schema, _, table = re.sub(r'["`\[\]]', "", name).rpartition(".")
    return schema or None, table


def created(revisions: Iterable[Revision]) -> set[Table]:
    """The tables that these revisions create, or give their names to."""
    found: set[Table] = set()
    for revision in revisions:
        known = touches(revision)
        found |= {touch.table for touch in known.found if touch.how in ("create_table", "rename_table")}
        if known.has_unknown_tables:
            found |= {(None, word) for word in known.words if word.isidentifier()}
    return found


def all_words(revisions: Iterable[Revision]) -> set[str]:
    """Every text in these revisions."""
    return set().union(*(touches(revision).words for revision in revisions))


def all_enums(revisions: Iterable[Revision]) -> dict[tuple[Table, str], tuple[str, ...]]:
    """The values of enum columns as the last of these revisions has written them; revisions: the oldest first."""
    return {(table, column): values for each in revisions for table, column, values in touches(each).enums}


def conflicts(one: Iterable[Revision], other: Iterable[Revision]) -> Iterator[tuple[Touch, Revision, Revision]]:
    """What two branches both touch, with a revision of each; a whole table, where one of them creates, drops or renames it."""
    there: dict[Table, list[tuple[Touch, Revision]]] = {}
    for revision in other:
        for touch in touches(revision).found:
            there.setdefault(touch.table, []).append((touch, revision))
    seen: set[tuple[Table, str | None]] = set()
    for revision in one:
        for touch in touches(revision).found:
            for theirs, their_revision in there.get(touch.table, ()):
                thing = touch.thing or theirs.thing
                is_same = touch.thing == theirs.thing or touch.thing is None or theirs.thing is None
                hows = {touch.how, theirs.how}
                is_same = is_same and (NEEDS not in hows or not hows.isdisjoint(ENDS))
                if is_same and (touch.table, thing) not in seen:
                    seen.add((touch.table, thing))
                    yield Touch(touch.table, thing, touch.how), revision, their_revision
