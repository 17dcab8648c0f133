"""A database as SQLAlchemy's Inspector tells of it, read at once, whatever the number of tables."""

from __future__ import annotations

import re
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import JSON, Connection, Inspector, inspect
from sqlalchemy.engine.reflection import ObjectKind
from sqlalchemy.exc import SAWarning

from ..dialects import dialect_of

Key = tuple[str | None, str]
"""A table: its schema (None for the default one) and its name."""

FACTS = (
    *("columns", "pk_constraint", "foreign_keys", "indexes", "unique_constraints", "check_constraints"),
    *("table_comment", "table_options"),
)


@dataclass
class Snapshot:
    """Tables as they were at one moment.

    facts: what the Inspector's method ``get_<fact>`` answers for each table; a fact that the dialect does not tell is missing.
    """

    tables: dict[str | None, list[str]] = field(default_factory=dict)
    facts: dict[str, dict[Key, Any]] = field(default_factory=dict)

    def __iter__(self) -> Iterator[Key]:
        """All tables."""
        for schema, names in self.tables.items():
            for name in names:
                yield schema, name

    def has(self, key: Key) -> bool:
        """Whether there is that table."""
        return key in self.facts.get("columns", {})

    def of(self, fact: str, key: Key) -> Any:
        """One fact of a table; a copy of it, for callers change what they get. Empty where nothing is known."""
        found = self.facts.get(fact, {}).get(key)
        if found is None:
            return {} if fact in ("pk_constraint", "table_comment", "table_options") else []
        return dict(found) if isinstance(found, dict) else [dict(each) for each in found]

    def column(self, key: Key, name: str) -> dict[str, Any] | None:
        """One column."""
        return next((each for each in self.facts.get("columns", {}).get(key, ()) if each["name"] == name), None)

    def copy(self) -> Snapshot:
        """Another one, which may be changed."""
        facts = {fact: {key: self.of(fact, key) for key in known} for fact, known in self.facts.items()}
        return Snapshot({schema: list(names) for schema, names in self.tables.items()}, facts)

    # -- renaming, as a database does it: whatever names the old one names the new one afterwards

    def rename_table(self, key: Key, new: str) -> None:
        """Give a table another name."""
        self.tables[key[0]][self.tables[key[0]].index(key[1])] = new
        self.now_called(key, (key[0], new))

    def move_table(self, key: Key, schema: str | None) -> None:
        """Take a table into another schema."""
        self.tables[key[0]].remove(key[1])
        self.tables.setdefault(schema, []).append(key[1])
        self.now_called(key, (schema, key[1]))

    def now_called(self, key: Key, new: Key) -> None:
        """What is known of a table, and the keys that point to it."""
        for known in self.facts.values():
            if key in known:
                known[new] = known.pop(key)
        for keys in self.facts.get("foreign_keys", {}).values():
            for each in keys:
                if (each["referred_schema"], each["referred_table"]) == key:
                    each["referred_schema"], each["referred_table"] = new

    def rename_columns(self, key: Key, names: dict[str, str]) -> None:
        """Give columns other names, all at once."""

        def renamed(columns: Iterable[str | None]) -> list[str | None]:
            return [names.get(column, column) if column is not None else None for column in columns]

        for each in self.facts["columns"].get(key, ()):
            each["name"] = names.get(each["name"], each["name"])
            if each.get("computed"):
                each["computed"] = {**each["computed"], "sqltext": in_text(each["computed"]["sqltext"], names)}
        primary = self.facts.get("pk_constraint", {}).get(key)
        if primary:
            primary["constrained_columns"] = renamed(primary["constrained_columns"])
        for each in self.facts.get("unique_constraints", {}).get(key, ()):
            each["column_names"] = renamed(each["column_names"])
        for each in self.facts.get("indexes", {}).get(key, ()):
            rename_in_index(each, names, renamed)
        for each in self.facts.get("check_constraints", {}).get(key, ()):
            each["sqltext"] = in_text(each["sqltext"], names)
        for other, keys in self.facts.get("foreign_keys", {}).items():
            for each in keys:
                if other == key:
                    each["constrained_columns"] = renamed(each["constrained_columns"])
                if (each["referred_schema"], each["referred_table"]) == key:
                    each["referred_columns"] = renamed(each["referred_columns"])

    def rename_thing(self, fact: str, key: Key, old: str, new: str) -> None:
        """Give an index or a constraint of a table another name."""
        found = self.facts.get(fact, {}).get(key)
        for each in [found] if isinstance(found, dict) else found or ():
            if each.get("name") == old:
                each["name"] = new
            if each.get("duplicates_index") == old:
                each["duplicates_index"] = new
            if each.get("duplicates_constraint") == old:
                each["duplicates_constraint"] = new


def rename_in_index(index: dict[str, Any], names: dict[str, str], renamed: Callable[[Iterable[Any]], list[Any]]) -> None:
    """Give columns of an index other names."""
    index["column_names"] = renamed(index["column_names"])
    if index.get("expressions"):
        index["expressions"] = [in_text(text, names) for text in index["expressions"]]
    if index.get("include_columns"):
        index["include_columns"] = renamed(index["include_columns"])
    if index.get("column_sorting"):
        index["column_sorting"] = {names.get(name, name): order for name, order in index["column_sorting"].items()}
    options = dict(index.get("dialect_options") or {})
    for name, value in options.items():
        if name.endswith("_where"):
            options[name] = in_text(value, names)
        elif name.endswith("_include"):
            options[name] = renamed(value)
        elif name.endswith("_ops"):
            options[name] = {names.get(column, column): ops for column, ops in value.items()}
    if options:
        index["dialect_options"] = options


def in_text(text: Any, names: dict[str, str]) -> Any:
    """An SQL expression with other names of columns."""
    if not isinstance(text, str) or not names:
        return text
    pattern = "|".join(map(re.escape, sorted(names, key=len, reverse=True)))
    return re.sub(rf"'(?:[^']|'')*'|(?<![\w$])({pattern})(?![\w$(])", lambda m: names[m[1]] if m[1] else m[0], text)


def take(
    connection: Connection,
    schemas: Iterable[str | None],
    *,
    leave_out: Callable[[Key], bool],
) -> Snapshot:
    """Read what is in some schemas; a schema that is not there has no tables."""
    dialect = dialect_of(connection.dialect.name)
    found = Snapshot()
    with dialect.reading(connection) as reader:
        read(reader, inspect(connection), found, schemas, leave_out)
    for columns in found.facts.get("columns", {}).values():
        for column in columns:
            refer_to_types(column["type"])
            if column.get("computed"):
                column["computed"] = computed(column["computed"])
    for (schema, table, name), sequence in dialect.numbering(connection).items():
        column = found.column((schema, table), name)
        if column is not None and "nextval(" in str(column.get("default")):  # it has no default, but is numbered
            column.update(default=None, autoincrement=True, sequence_of_its_own=sequence)
    for (schema, table, name), collation in dialect.collations(connection).items():
        column = found.column((schema, table), name)
        if column is not None and hasattr(column["type"], "collation"):
            column["type"].collation = collation
    for (schema, table, name), said in dialect.inline_keys(connection).items():
        for each in found.facts["foreign_keys"].get((schema, table), ()):
            if each["constrained_columns"] == [name] and not each["options"]:
                each["options"] = said
    for schema, table, name in dialect.row_numbers(connection, list(nullable_keys(found))):
        column = found.column((schema, table), name)
        if column is not None:
            column["nullable"] = False
    for schema, table, name in dialect.json_columns(connection, found.tables):
        column = found.column((schema, table), name)
        if column is not None:
            column["type"] = JSON()
    return found


def read(
    reader: Connection, inspector: Inspector, found: Snapshot, schemas: Iterable[str | None], leave_out: Callable[[Key], bool]
) -> None:
    """All facts that the Inspector tells."""
    inspector.bind = reader
    there = set(inspector.get_schema_names()) if set(schemas) - {None} else set()
    for schema in schemas:
        if schema is not None and schema not in there:
            found.tables[schema] = []
            continue
        names = [name for name in inspector.get_table_names(schema=schema) if not leave_out((schema, name))]
        found.tables[schema] = names
        for fact in FACTS:
            answers = ask(inspector, fact, schema, names)
            if answers is not None:
                found.facts.setdefault(fact, {}).update(answers)


def nullable_keys(found: Snapshot) -> Iterator[str]:
    """The tables of the default schema with a primary key of one column that may be NULL, as it is said."""
    for (schema, table), primary in found.facts.get("pk_constraint", {}).items():
        columns = primary["constrained_columns"]
        if schema is None and len(columns) == 1 and (found.column((schema, table), columns[0]) or {}).get("nullable"):
            yield table


def computed(found: dict[str, Any]) -> dict[str, Any]:
    """A computed column without what old releases of SQLAlchemy read after its expression (SQLite)."""
    text, depth, is_quoted = str(found.get("sqltext")), 0, False
    for n, letter in enumerate(text):
        is_quoted ^= letter == "'"
        depth += 0 if is_quoted else (letter == "(") - (letter == ")")
        if depth < 0:
            return {**found, "sqltext": text[:n].rstrip()}
    return found


def refer_to_types(type_: Any) -> None:
    """Whoever creates a table like this one must not create its enum types, which are there or have a statement of their own."""
    if getattr(type_, "create_type", None):
        type_.create_type = False
    if hasattr(type_, "item_type"):
        refer_to_types(type_.item_type)


def ask(inspector: Any, fact: str, schema: str | None, names: list[str]) -> dict[Key, Any] | None:
    """One fact of some tables; None where the dialect does not know it."""
    wanted = set(names)
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Skipped unsupported reflection of expression-based index", SAWarning)
            answers = getattr(inspector, f"get_multi_{fact}")(schema=schema, kind=ObjectKind.TABLE)
    except NotImplementedError:
        return None
    return {(schema, name): answer for (_, name), answer in answers.items() if name in wanted}
