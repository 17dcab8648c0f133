"""A domain forbids from now on what columns hold, or a new column of a NOT NULL domain has no value.

Mend those rows first, in the same revision; or add the check ``NOT VALID``, which looks at new values only.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import Table, shown
from ...plan.words import NAME
from ..live import Live, numbered
from ..rule import Case, Found, Rule
from ._data import examples, unknown
from ._sql import literal, statements

ALTER = re.compile(rf"ALTER DOMAIN (?P<name>(?:{NAME}\.)?{NAME}) (?P<what>.*)", re.IGNORECASE)
CHECK = re.compile(r"ADD (?:CONSTRAINT \S+ )?CHECK ?(?P<condition>\(.*\))$", re.IGNORECASE)
NOT_NULL = re.compile(r"SET NOT NULL$|ADD (?:CONSTRAINT \S+ )?NOT NULL$", re.IGNORECASE)
VALIDATE = re.compile(rf"VALIDATE CONSTRAINT (?P<name>{NAME})$", re.IGNORECASE)
VALUE = re.compile(r"('(?:[^']|'')*')|\bVALUE\b", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """ALTER DOMAIN over values that it forbids, and AddColumnOp of a domain that is NOT NULL."""
    live = case.live
    if live.connection is None or live.is_uncertain:
        return
    for statement in statements(case):
        if (found := ALTER.match(statement.rstrip("; "))) is None:
            continue
        condition = forbidden(live, found["name"], found["what"])
        for table, column in columns_of(live, found["name"]) if condition else ():
            quoted, source = live.column(column), live.quoted(table)
            wrong = about(str(condition), quoted)
            count = 0 if table in live.created or table in live.written else live.count(table, wrong)
            name = f"{shown(table)}.{column}"
            yield from unknown(live, live.counting(table, wrong), name, f"the domain {found['name']} may forbid values of {name}")
            if count:
                some = examples(live, f"SELECT {quoted} FROM {source} WHERE {wrong}") if "IS NULL" not in wrong else ""
                yield Found(name, f"the domain {found['name']} forbids {numbered(count, 'value')} of {name}{some}")
    yield from new_column(case)


def about(condition: str, column: str) -> str:
    """The condition of a domain about the values of a column."""
    return VALUE.sub(lambda found: found[1] or column, condition)


def new_column(case: Case) -> Iterator[Found]:
    """A column of a NOT NULL domain without a default, on a table with rows."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AddColumnOp) or table is None or op.column.server_default is not None:
        return
    type_ = live.sqla_dialect.type_compiler_instance.process(op.column.type)
    query = f"select 1 from pg_type where oid = to_regtype({literal(type_)}) and typnotnull and typdefault is null"
    if live.has_rows(table) and live.some(query):
        name = f"{shown(table)}.{op.column.name}"
        yield Found(name, f"{shown(table)} has rows, and {op.column.name} is of the domain {type_}, which is NOT NULL")


def forbidden(live: Live, domain: str, what: str) -> str | None:
    """The condition for values that a change of a domain forbids, with VALUE for them; None for another change."""
    if NOT_NULL.match(what):
        return "VALUE IS NULL"
    if found := CHECK.match(what):
        return f"NOT {found['condition']}"
    if found := VALIDATE.match(what):
        name = found["name"].strip('"') if '"' in found["name"] else found["name"].lower()
        rows = live.some(
            "select pg_get_constraintdef(oid) from pg_constraint"
            f" where contypid = to_regtype({literal(domain)}) and conname = {literal(name)} and contype = 'c'"
        )
        return f"NOT {rows[0][0].removesuffix(' NOT VALID').removeprefix('CHECK ')}" if rows else None
    return None


def columns_of(live: Live, domain: str) -> list[tuple[Table, str]]:
    """The columns of tables that have a domain."""
    rows = live.some(
        "select n.nspname, c.relname, a.attname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where a.atttypid = to_regtype({literal(domain)})"
        " and c.relkind = 'r' and not a.attisdropped order by 1, 2, 3"
    )
    return [(live.key((schema, table)), column) for schema, table, column in rows]


rule = Rule(
    code="domain-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on the first value that the domain forbids.",
    look=look,
    given=("CREATE DOMAIN years AS integer", "ALTER TABLE person ALTER age TYPE years"),
    bad='op.execute("ALTER DOMAIN years ADD CONSTRAINT ck_years CHECK (VALUE > 200)")',
    good='op.execute("ALTER DOMAIN years ADD CONSTRAINT ck_years CHECK (VALUE > 0)")',
    on=("postgresql",),
)
