"""Statements of PostgreSQL that are several transactions: whether they have run, what they leave behind, and how they go on.

Manual, "CREATE INDEX", "REINDEX" and "DROP INDEX", each under CONCURRENTLY, and "ALTER TABLE", DETACH PARTITION.
"""

from __future__ import annotations

import re
from contextlib import closing

from sqlalchemy import Connection, text

from ._base import as_look
from ._kinds import COMMENTS

NAME = r"((?:\"[^\"]+\"|[\w$]+)(?:\.(?:\"[^\"]+\"|[\w$]+))?)"
INDEX = re.compile(
    COMMENTS + r"(CREATE\s+(?:UNIQUE\s+)?INDEX|DROP\s+INDEX)\s+CONCURRENTLY\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?"
    rf"(?:(?!ON\b){NAME}\s*)?(?:\bON\s+(?:ONLY\s+)?{NAME})?",
    re.IGNORECASE | re.DOTALL,
)
REINDEX = re.compile(
    COMMENTS + r"REINDEX\s+(?:\([^)]*\)\s*)?(INDEX|TABLE|SCHEMA|DATABASE)\s+(?:CONCURRENTLY\s+)?" + NAME + "?",
    re.IGNORECASE | re.DOTALL,
)
DETACH = re.compile(
    COMMENTS + rf"ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?{NAME}\s+DETACH\s+PARTITION\s+{NAME}\s+CONCURRENTLY\b",
    re.IGNORECASE | re.DOTALL,
)
ADD_VALUE = re.compile(COMMENTS + rf"ALTER\s+TYPE\s+{NAME}\s+ADD\s+VALUE\b", re.IGNORECASE | re.DOTALL)
INDEXES_OF_THAT_NAME = """
    select n.nspname, c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where c.relname = :name order by 1
"""
INDEXES_OF_THAT_TABLE = """
    select n.nspname, c.relname, i.indisvalid from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where i.indrelid = to_regclass(:table) order by 1, 2
"""
INVALID = """
    select n.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indexrelid
    join pg_namespace n on n.oid = c.relnamespace where not i.indisvalid and
"""
OF_THAT_NAME = " c.relname = :name and (i.indrelid = to_regclass(:table) or i.indexrelid = to_regclass(:index))"
# The table, its partitions, and where they keep their long values.
REBUILT = """
    c.relname ~ '_cc(new|old)[0-9]*$' and c.relkind = 'i' and (:whole or i.indrelid in (
        with tables (oid) as (
            select coalesce((select indrelid from pg_index where indexrelid = to_regclass(:name)), to_regclass(:name)::oid)),
        parts (oid) as (select oid from tables union select p.relid::oid from tables, pg_partition_tree(tables.oid) p)
        select oid from parts union select reltoastrelid from pg_class join parts using (oid))) order by 1, 2
"""
VALUES_OF_TYPE = """
    select e.enumlabel from pg_enum e join pg_type t on t.oid = e.enumtypid where t.typname = :name order by e.enumsortorder
"""
PARTITION = """
    select i.inhdetachpending from pg_inherits i where i.inhparent = to_regclass(:parent) and i.inhrelid = to_regclass(:part)
"""
CLEARS_WITHIN = "2s"


def look(connection: Connection, statement: str) -> str | None:
    """The indexes that a statement builds or drops, the values of its type, or whether its partition is one."""
    if found := INDEX.match(statement):
        is_drop = found[1].upper().startswith("DROP")
        if found[2]:
            rows = connection.execute(text(INDEXES_OF_THAT_NAME), {"name": bare(found[2])})
        else:
            rows = connection.execute(text(INDEXES_OF_THAT_TABLE), {"table": found[3]})
        # One that is half dropped is not valid any more, and still there; one that is half built is not there yet.
        return as_look([[schema, name] for schema, name, is_valid in rows if is_valid or is_drop])
    if found := ADD_VALUE.match(statement):
        return as_look(list(connection.scalars(text(VALUES_OF_TYPE), {"name": bare(found[1])})))
    if found := DETACH.match(statement):
        return as_look(connection.scalar(text(PARTITION), {"parent": found[1], "part": found[2]}) is not None)
    return None


def rest_of(connection: Connection, statement: str) -> str | None:
    """What finishes a statement that was begun; None where it has to be executed from its beginning."""
    found = DETACH.match(statement)
    if found and connection.scalar(text(PARTITION), {"parent": found[1], "part": found[2]}):
        return f"ALTER TABLE {found[1]} DETACH PARTITION {found[2]} FINALIZE"
    return None


def make_room(connection: Connection, statement: str) -> None:
    """Drop the invalid indexes that an earlier attempt left behind when it failed."""
    if not is_drop(statement):
        for index in invalid_indexes(connection, statement):
            connection.exec_driver_sql(f"DROP INDEX CONCURRENTLY IF EXISTS {index}")


def clear(connection: Connection, statement: str, *, may_drop: bool) -> str | None:
    """The same at once, where it need not wait long for others; in words, what is left behind all the same.

    may_drop: the connection is in no transaction.
    """
    if rest_of(connection, statement):
        return "a partition whose detachment is pending; the next attempt completes it"
    if (found := INDEX.match(statement)) and not found[2]:
        rows = connection.execute(text(INDEXES_OF_THAT_TABLE), {"table": found[3]})
        names = [quoted(connection, schema, name) for schema, name, is_valid in rows if not is_valid]
        return f"the index {', '.join(names)}, which is not valid: drop it" if names else None
    indexes = invalid_indexes(connection, statement)
    if may_drop and not is_drop(statement):
        indexes = [index for index in indexes if not is_dropped(connection, index)]
    if not indexes:
        return None
    if len(indexes) == 1:
        return f"the index {indexes[0]}, which is not valid; the next attempt drops it"
    return f"the indexes {', '.join(indexes)}, which are not valid; the next attempt drops them"


def is_dropped(connection: Connection, index: str) -> bool:
    """Drop an index; false where somebody is in the way. Past SQLAlchemy, whose listener lets such statements wait."""
    before = connection.scalar(text("select current_setting('lock_timeout')"))
    with closing(connection.connection.cursor()) as cursor:
        cursor.execute(f"SET lock_timeout = '{CLEARS_WITHIN}'")
        try:
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {index.replace('%%', '%')}")
        except connection.dialect.loaded_dbapi.Error:
            return False
        finally:
            cursor.execute(f"SET lock_timeout = '{before}'")
    return True


def invalid_indexes(connection: Connection, statement: str) -> list[str]:
    """Those that a statement leaves behind when it fails, with schema and in quotes."""
    if found := INDEX.match(statement):
        if not found[2]:
            return []
        values = {"name": bare(found[2]), "table": found[3], "index": found[2] if is_drop(statement) else None}
        rows = connection.execute(text(INVALID + OF_THAT_NAME), values).all()
    elif (found := REINDEX.match(statement)) and "CONCURRENTLY" in statement.upper():
        is_whole = found[1].upper() in ("SCHEMA", "DATABASE")
        rows = connection.execute(text(INVALID + REBUILT), {"name": None if is_whole else found[2], "whole": is_whole}).all()
    else:
        return []
    return [quoted(connection, schema, name) for schema, name in rows]


def quoted(connection: Connection, schema: str, name: str) -> str:
    """A name with its schema as it stands in SQL."""
    quote = connection.dialect.identifier_preparer.quote
    return f"{quote(schema)}.{quote(name)}"


def is_drop(statement: str) -> bool:
    """Whether a statement drops an index."""
    found = INDEX.match(statement)
    return found is not None and found[1].upper().startswith("DROP")


def bare(name: str) -> str:
    """A name without its schema, as the catalog has it."""
    last: str = re.findall(r"\"[^\"]+\"|[\w$]+", name)[-1]
    return last[1:-1] if last.startswith('"') else last.lower()
