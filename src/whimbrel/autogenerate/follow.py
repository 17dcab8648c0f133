"""The names that follow a table or a column which is renamed: indexes, constraints and sequences that carry its name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from sqlalchemy import CheckConstraint, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint

from .._alembic_models import final_name
from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from .operations import Execute

KINDS = {
    "pk_constraint": ("primary", PrimaryKeyConstraint),
    "unique_constraints": ("unique", UniqueConstraint),
    "foreign_keys": ("foreign", ForeignKeyConstraint),
    "check_constraints": ("check", CheckConstraint),
}


def following(
    snapshot: Snapshot, key: Key, model: Table, old: str, new: str, dialect: Dialect, sqla_dialect: Any, *, is_table: bool
) -> Iterator[Execute]:
    """Rename what carries an old name, in the snapshot, and tell how; the table or column is renamed in it already.

    key: the table. old, new: the part of the names. Only names that the model wants, or has left to the server.
    """
    preparer = sqla_dialect.identifier_preparer
    table, schema = preparer.format_table(model), quoted_schema(key, preparer)
    wanted = {str(index.name): index for index in model.indexes}
    uniques = {each["name"] for each in snapshot.of("unique_constraints", key)}
    for index in snapshot.of("indexes", key):
        name = index["name"]
        found = replaced(name, old, new)
        if name in uniques or index.get("duplicates_constraint") or found not in wanted:
            continue
        sql = dialect.renaming("index", table, preparer.quote(name), preparer.quote(found), schema)
        back = dialect.renaming("index", table, preparer.quote(found), preparer.quote(name), schema)
        if sql and back:
            snapshot.rename_thing("indexes", key, name, found)
            yield Execute(sql, back, words=f"{key[1]}: index {name}, renamed to {found}")
    for fact, (kind, cls) in KINDS.items():
        yield from constraints(snapshot, key, model, (fact, kind, cls), (old, new), dialect, sqla_dialect, table)
    if is_table:
        yield from sequences(snapshot, key, model, (old, new), dialect, preparer)


def constraints(
    snapshot: Snapshot,
    key: Key,
    model: Table,
    what: tuple[str, str, Any],
    names: tuple[str, str],
    dialect: Dialect,
    sqla_dialect: Any,
    table: str,
) -> Iterator[Execute]:
    """The constraints of one kind."""
    fact, kind, cls = what
    preparer = sqla_dialect.identifier_preparer
    schema = quoted_schema(key, preparer)
    models = [each for each in model.constraints if isinstance(each, cls)]
    wanted = {name for each in models if (name := final_name(each, sqla_dialect))}
    has_unnamed = any(not final_name(each, sqla_dialect) for each in models)
    found = snapshot.of(fact, key)
    for each in [found] if isinstance(found, dict) else found:
        name = each.get("name")
        new = replaced(str(name), *names) if name else None
        if new is None or not (new in wanted or (has_unnamed and dialect.names_constraints_itself(new, key[1]))):
            continue
        sql = dialect.renaming(kind, table, preparer.quote(name), preparer.quote(new), schema)
        back = dialect.renaming(kind, table, preparer.quote(new), preparer.quote(name), schema)
        if sql and back:
            snapshot.rename_thing(fact, key, str(name), new)
            snapshot.rename_thing("indexes", key, str(name), new)
            yield Execute(sql, back, words=f"{key[1]}: {kind} {name}, renamed to {new}")


def sequences(
    snapshot: Snapshot, key: Key, model: Table, names: tuple[str, str], dialect: Dialect, preparer: Any
) -> Iterator[Execute]:
    """The sequences behind numbered columns, where the server has named them after the table."""
    old, new = names
    schema = quoted_schema(key, preparer)
    for column in snapshot.facts["columns"].get(key, ()):
        was, now = f"{old}_{column['name']}_seq", f"{new}_{column['name']}_seq"
        if column.get("sequence_of_its_own") == was:
            sql = dialect.renaming("sequence", "", preparer.quote(was), preparer.quote(now), schema)
            back = dialect.renaming("sequence", "", preparer.quote(now), preparer.quote(was), schema)
            if sql and back:
                column["sequence_of_its_own"] = now
                yield Execute(sql, back, words=f"{key[1]}: sequence {was}, renamed to {now}")


def quoted_schema(key: Key, preparer: Any) -> str | None:
    """The schema of a table as it stands in SQL; None for the default one."""
    return None if key[0] is None else str(preparer.quote_schema(key[0]))


def replaced(name: str, old: str, new: str) -> str | None:
    """A name with another word in it; None where it does not have the old one."""
    found = re.sub(rf"(?<![^_]){re.escape(old)}(?![^_])", lambda _: new, name)
    return found if found != name else None
