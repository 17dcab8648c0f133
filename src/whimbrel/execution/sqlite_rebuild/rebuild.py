"""Build an SQLite table anew: https://sqlite.org/lang_altertable.html, "Making Other Kinds Of Table Schema Changes"."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from ...dialects._sqlite_text import parse, same
from ...errors import Refused
from .draft import Draft
from .lossless import refuse_damage, refuse_nulls

NATIVE = frozenset({"create_index", "drop_index", "create_table_comment", "drop_table_comment"})
TEMPORARY = "_whimbrel_new_{}"


class ForeignKeysAreOn(Exception):
    """The revision must be started again with foreign keys switched off, which is not possible in a transaction."""

    def __init__(self, table: str) -> None:
        super().__init__(
            f"The table {table} must be built anew while foreign keys are enforced, and env.py holds the transaction in which"
            " they cannot be switched off"
        )


def flush(batch: Any, alembic: Callable[[], None]) -> None:
    """Do what a ``batch_alter_table()`` has collected.

    batch: Alembic's BatchOperationsImpl. alembic: its own way, for what is not asked of the database but given.
    """
    connection: Connection = batch.impl.connection
    operations = [(name, args, kw) for name, args, kw in batch.batch]
    if batch.copy_from is not None or batch.table_args or batch.table_kwargs or batch.reflect_args or batch.schema:
        refuse_damages(connection, batch, operations)
        with kept_aside(connection, batch.table_name):
            alembic()
        return
    renamed, aside = ({}, {}) if batch.recreate == "never" else rename_columns(connection, batch.table_name, operations)
    left = [each for each in operations if not is_done(each)]
    if batch.recreate == "never" or (batch.recreate == "auto" and not needs_rebuild(batch, left)):
        batch.batch = left if batch.recreate == "auto" else operations
        alembic()
        return
    sql = sql_of(connection, batch.table_name)
    draft = Draft(connection, parse(sql), renamed, aside, batch.naming_convention)
    for name, args, kw in left:
        getattr(draft, name)(*args, **kw)
    draft.finish()
    reorder(draft, batch.partial_reordering)
    rebuild(connection, draft)
    for index, kw in draft.new_indexes:
        batch.impl.create_index(index, **kw)
    if draft.new_name:
        batch.impl.rename_table(batch.table_name, draft.new_name)


def refuse_damages(connection: Connection, batch: Any, operations: list[Any]) -> None:
    """Raise Refused where values would not survive a change of types that Alembic makes."""
    if batch.schema:
        return
    columns = {each.name.lower(): each for each in parse(sql_of(connection, batch.table_name)).columns}
    for name, args, kw in operations:
        if name == "alter_column" and kw.get("type_") is not None and (found := columns.get(str(args[1]).lower())):
            new_type = kw["type_"]() if isinstance(kw["type_"], type) else kw["type_"]
            new = connection.dialect.type_compiler_instance.process(new_type)
            refuse_damage(connection, batch.table_name, found.name, found.type.strip(), new, new_type)


def needs_rebuild(batch: Any, operations: list[Any]) -> bool:
    """Whether ALTER TABLE is not enough for what is left."""
    if any(name not in {*NATIVE, "add_column", "rename_table"} for name, _, _ in operations):
        return True
    if any(name == "add_column" and ("insert_before" in kw or "insert_after" in kw) for name, _, kw in operations):
        return True
    batch.batch = operations
    return bool(batch.impl.requires_recreate_in_batch(batch))


# -- columns are renamed by SQLite, which knows every index, trigger, view and key that names them


def rename_columns(connection: Connection, table: str, operations: list[Any]) -> tuple[dict[str, str], dict[str, str]]:
    """Rename columns; names may be exchanged, or be those of columns that are dropped.

    Returns old names to new ones, and the names of columns that are dropped to those that they have now.
    """
    wanted = {args[1]: str(kw["name"]) for name, args, kw in operations if name == "alter_column" and kw.get("name")}
    wanted = {old: new for old, new in wanted.items() if old != new}
    taken = {each.name.lower() for each in parse(sql_of(connection, table)).columns} if wanted else set()
    dropped = {str(args[1].name) for name, args, _ in operations if name == "drop_column"}
    aside = {name: f"_whimbrel_{n}_{name}" for n, name in enumerate(sorted(dropped & set(wanted.values())))}
    for name, place in aside.items():
        rename_column(connection, table, name, place)
    passing = {
        old: f"_whimbrel_{n}_{old}"
        for n, (old, new) in enumerate(wanted.items())
        if new.lower() in taken and new not in aside and not same(old, new)
    }
    for old, name in passing.items():
        rename_column(connection, table, old, name)
    for old, new in wanted.items():
        rename_column(connection, table, passing.get(old, old), new)
    return wanted, aside


def rename_column(connection: Connection, table: str, old: str, new: str) -> None:
    """ALTER TABLE … RENAME COLUMN."""
    quote = connection.dialect.identifier_preparer.quote
    connection.exec_driver_sql(f"ALTER TABLE {quote(table)} RENAME COLUMN {quote(old)} TO {quote(new)}")


def is_done(operation: Any) -> bool:
    """Whether renaming a column was all."""
    name, _, kw = operation
    asks = (kw.get("type_") is not None, kw.get("nullable") is not None, kw.get("server_default", False) is not False)
    return name == "alter_column" and not any(asks)


def reorder(draft: Draft, wanted: Any) -> None:
    """Put columns next to each other as ``partial_reordering`` says."""
    for names in wanted or ():
        columns = [draft.find(name) for name in names]
        for first, second in pairwise(columns):
            draft.text.columns.remove(second)
            draft.text.columns.insert(draft.text.columns.index(first) + 1, second)


# -- the rebuild itself


def rebuild(connection: Connection, draft: Draft) -> None:
    """Build a table anew from its new text, with every row. Raises Refused where something would be lost."""
    execute, quote = connection.exec_driver_sql, connection.dialect.identifier_preparer.quote
    table = draft.text.name
    temporary = TEMPORARY.format(table)
    refuse_enforced_keys(connection, table)
    alias = draft.text.rowid_alias
    if alias in draft.copied and parse(sql_of(connection, table)).rowid_alias != alias:
        refuse_nulls(connection, table, alias, "INTEGER PRIMARY KEY, which numbers the rows")
    before = counts(connection, table)
    working = working_statements(connection, table)
    others = objects(connection, table)
    indexes = [(name, sql) for kind, name, sql in others if kind == "index"]
    triggers = [(name, sql) for kind, name, sql in others if kind == "trigger"]

    execute(draft.text.sql(quote(temporary)))
    names = [*rowid_of(draft), *(quote(name) for name in draft.copied)]
    if names:
        listed = ", ".join(names)
        execute(f"INSERT INTO {quote(temporary)} ({listed}) SELECT {listed} FROM {quote(table)}")
    if draft.text.is_autoincrement:
        carry_last_number(connection, table, temporary)
    execute(f"DROP TABLE {quote(table)}")
    with legacy_rename(connection):
        execute(f"ALTER TABLE {quote(temporary)} RENAME TO {quote(table)}")
    for name, sql in indexes:
        if name.lower() not in draft.dropped_indexes and not draft.is_about_dropped(sql):
            execute(sql)
    for _, sql in triggers:
        execute(sql)
    refuse_lost_rows(table, before, counts(connection, table))
    refuse_broken(connection, table, working)


def sql_of(connection: Connection, table: str) -> str:
    """The text of a table. Raises Refused where there is none."""
    query = "select name, sql from sqlite_master where type = 'table'"
    for name, sql in connection.exec_driver_sql(query).all():
        if same(name, table):
            return str(sql)
    raise Refused(f"There is no table {table} in the database.")


def objects(connection: Connection, table: str) -> list[tuple[str, str, str]]:
    """Kind, name and text of the indexes and triggers of a table, in the order in which they were made."""
    query = "select type, name, tbl_name, sql from sqlite_master where type in ('index', 'trigger') and sql is not null"
    return [(kind, name, sql) for kind, name, on, sql in connection.exec_driver_sql(query).all() if same(on, table)]


def rowid_of(draft: Draft) -> list[str]:
    """The name under which the number of a row can be copied; none where a column is that number, or there is none."""
    if not draft.text.has_rowid or draft.text.rowid_alias is not None:
        return []
    taken = {column.name.lower() for column in draft.text.columns} | draft.dropped
    return [name for name in ("rowid", "_rowid_", "oid") if name not in taken][:1]


def carry_last_number(connection: Connection, table: str, temporary: str) -> None:
    """Have AUTOINCREMENT go on from the highest number that it has given; renaming a table keeps it."""
    old, new = literal(table), literal(temporary)
    connection.exec_driver_sql(f"DELETE FROM sqlite_sequence WHERE name = {new}")
    connection.exec_driver_sql(
        f"INSERT INTO sqlite_sequence (name, seq) SELECT {new}, seq FROM sqlite_sequence WHERE name = {old}"
    )


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"


@contextmanager
def legacy_rename(connection: Connection) -> Iterator[None]:
    """Have RENAME TO change the name of the table and nothing else: what names the old one shall name the new one."""
    before = connection.exec_driver_sql("PRAGMA legacy_alter_table").scalar()
    connection.exec_driver_sql("PRAGMA legacy_alter_table=ON")
    try:
        yield
    finally:
        connection.exec_driver_sql(f"PRAGMA legacy_alter_table={int(before or 0)}")


# -- nothing may be lost


def refuse_enforced_keys(connection: Connection, table: str) -> None:
    """Raise ForeignKeysAreOn where dropping the old table would delete what references it."""
    if connection.exec_driver_sql("PRAGMA foreign_keys").scalar() and any(referring(connection, table)):
        raise ForeignKeysAreOn(table)


def counts(connection: Connection, table: str) -> dict[str, int]:
    """The number of rows of a table, and of those that reference it."""
    quote = connection.dialect.identifier_preparer.quote
    found = [table, *referring(connection, table)]
    return {name: connection.exec_driver_sql(f"select count(*) from {quote(name)}").scalar_one() for name in dict.fromkeys(found)}


def referring(connection: Connection, table: str) -> Iterator[str]:
    """The tables with a foreign key to a table."""
    names = connection.exec_driver_sql(
        "select name from sqlite_master where type = 'table' and name not like 'sqlite!_%' escape '!'"
    )
    for name in names.scalars().all():
        keys = connection.exec_driver_sql(f"PRAGMA foreign_key_list({connection.dialect.identifier_preparer.quote(name)})")
        if any(same(key[2], table) for key in keys.all()):
            yield name


def refuse_lost_rows(table: str, before: dict[str, int], after: dict[str, int]) -> None:
    """Raise Refused where a table has not all the rows that it had."""
    for name, count in before.items():
        if after.get(name) != count:
            raise Refused(
                f"Building {table} anew left {after.get(name, 0):,} of {count:,} rows of {name}; everything was rolled back.",
                hint="This should not happen: please report it with the text of the table.",
            )


def working_statements(connection: Connection, table: str) -> list[tuple[str, str]]:
    """Statements that SQLite can run, through every view and every trigger of a table, each with what it is about.

    They change nothing. EXPLAIN alone, without QUERY PLAN, has crashed SQLite 3.40.
    """
    quote = connection.dialect.identifier_preparer.quote
    views = (
        connection.exec_driver_sql(
            "select name from sqlite_master where type = 'view' and name not like 'whimbrel!_%' escape '!'"
        )
        .scalars()
        .all()
    )
    found = [(f"The view {name}", f"SELECT * FROM {quote(name)} LIMIT 0") for name in views]
    if any(kind == "trigger" for kind, _, _ in objects(connection, table)):
        for statement in ("INSERT INTO {} DEFAULT VALUES", "DELETE FROM {}"):
            found.append((f"A trigger of {table}", f"EXPLAIN QUERY PLAN {statement.format(quote(table))}"))
    return [(what, statement) for what, statement in found if why_broken(connection, statement) is None]


def why_broken(connection: Connection, statement: str) -> str | None:
    """Why SQLite cannot run a statement; None where it can."""
    try:
        connection.exec_driver_sql(statement).all()
    except DBAPIError as error:
        return str(error.orig)
    return None


def refuse_broken(connection: Connection, table: str, statements: list[tuple[str, str]]) -> None:
    """Raise Refused where a view or a trigger does not work any more."""
    for what, statement in statements:
        why = why_broken(connection, statement)
        if why is not None:
            raise Refused(
                f"{what} needs what this revision takes away from {table}: {why}.",
                state="Nothing of this revision is left in the database.",
                hint="Drop it first in the revision, and create it again afterwards.",
            )


@contextmanager
def kept_aside(connection: Connection, table: str) -> Iterator[None]:
    """Around a rebuild by Alembic: what it does not know of is made again, and rows are counted."""
    refuse_enforced_keys(connection, table)
    before, working = counts(connection, table), working_statements(connection, table)
    triggers = [(name, sql) for kind, name, sql in objects(connection, table) if kind == "trigger"]
    with legacy_rename(connection):
        yield
    there = {name for kind, name, _ in objects(connection, table) if kind == "trigger"}
    for name, sql in triggers:
        if name not in there:
            connection.exec_driver_sql(sql)
    refuse_lost_rows(table, before, counts(connection, table))
    refuse_broken(connection, table, working)
