"""A constraint goes, and with it what it promised about the rows.

What it kept out can come in from now on, and adding it again later fails on those rows. So it is where a unique index is dropped,
where PostgreSQL shall not enforce a constraint any more, and where ``CASCADE`` drops the foreign keys of other tables along. Drop
it only where the rule itself has changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Changed, Table, shown, table_of
from ...plan.words import NAME, plain
from ..rule import Case, Found, Rule
from ._data import later
from ._sql import cascades, literal, statements

MAKES = (ops.CreateForeignKeyOp, ops.CreateCheckConstraintOp, ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)
ALONG = (ops.DropConstraintOp, ops.DropTableOp, ops.DropColumnOp)
LEFT = re.compile(rf"\bALTER CONSTRAINT ({NAME})[^,]*\bNOT ENFORCED\b", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """DropConstraintOp on a table with rows, where the revision makes none of its name; and what comes to the same."""
    op, table, live = case.op, case.table, case.live
    if isinstance(op, ops.DropConstraintOp) and table is not None and live.has_rows(table):
        made = [each for each in later(case) if isinstance(each, MAKES) and table_of(each) == table_of(op)]
        is_primary = op.constraint_type == "primary"
        is_made_again = is_primary and any(isinstance(each, ops.CreatePrimaryKeyOp) for each in made)
        if not is_made_again and not any(each.constraint_name == op.constraint_name or is_wider(case, each) for each in made):
            yield found(table, str(op.constraint_name), "the primary key" if is_primary else "")
    elif isinstance(op, Changed) and table is not None and live.has_rows(table):
        names = (each for statement in statements(case) for each in LEFT.findall(statement))
        yield from (found(table, plain(name, "postgresql")) for name in names)
    elif isinstance(op, ops.DropIndexOp) and live.dialect.kind == "postgresql" and not makes_unique(case):
        tables = (live.key(tuple(row)) for row in live.some(unique(case, op)))
        yield from (found(each, str(op.index_name)) for each in tables if live.has_rows(each))
    if isinstance(op, ALONG) and table is not None and cascades(case) and live.has_rows(table):
        yield from going_along(case, table)


def found(table: Table, name: str, called: str = "") -> Found:
    """One constraint of a table. called: in the message, where not by its name."""
    return Found(f"{shown(table)}.{name}", f"{called or name} keeps nothing out of {shown(table)} any more")


def unique(case: Case, op: ops.DropIndexOp) -> str:
    """The query for the table of a unique index of PostgreSQL that is no constraint's."""
    return (
        "select n.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indrelid"
        " join pg_namespace n on n.oid = c.relnamespace where i.indisunique"
        f" and i.indexrelid = to_regclass({literal(case.live.quoted((op.schema, str(op.index_name))))})"
    )


def makes_unique(case: Case) -> bool:
    """Whether the revision makes an index or a constraint afterwards that keeps something out, or drops the table."""
    return any(getattr(each, "unique", False) or isinstance(each, (*MAKES, ops.DropTableOp)) for each in later(case))


def going_along(case: Case, table: Table) -> Iterator[Found]:
    """The foreign keys of other tables that CASCADE drops with what they point to."""
    for child, keys in case.live.foreign_keys(table[0]).items():
        for key in keys if child != table and case.live.has_rows(child) else ():
            to = case.live.key((key["referred_schema"], key["referred_table"]))
            if to == table and key["name"] not in case.live.gone and goes_with(case, table, key["referred_columns"]):
                yield found(child, key["name"])


def goes_with(case: Case, table: Table, columns: list[str]) -> bool:
    """Whether a foreign key to these columns needs what is dropped."""
    if isinstance(case.op, ops.DropColumnOp):
        return case.live.column_known_as(table, case.op.column_name) in columns
    if isinstance(case.op, ops.DropTableOp):
        return True
    inspector, (schema, name) = case.live.inspector, table
    primary = inspector.get_pk_constraint(name, schema=schema)
    if primary["name"] == case.op.constraint_name:
        return set(primary["constrained_columns"]) == set(columns)
    uniques = inspector.get_unique_constraints(name, schema=schema)
    return any(set(each["column_names"]) == set(columns) for each in uniques if each["name"] == case.op.constraint_name)


def is_wider(case: Case, made: Any) -> bool:
    """Whether a new foreign key is over the columns of the one that goes, and perhaps more."""
    if case.live.connection is None or case.table is None or not isinstance(made, ops.CreateForeignKeyOp):
        return False
    listed = case.live.inspector.get_foreign_keys(case.table[1], schema=case.table[0])
    old = [each["constrained_columns"] for each in listed if each["name"] == case.op.constraint_name]
    return any(set(columns) <= set(made.local_cols) for columns in old)


rule = Rule(
    code="constraint-dropped",
    severity="notice",
    why="Rows that the constraint kept out can come in, and stay when it comes back.",
    look=look,
    bad='op.execute("ALTER TABLE person DROP CONSTRAINT ck_person_age")',
    good='op.execute("ALTER TABLE pet DROP CONSTRAINT ck_pet_age")',
    on=("postgresql", "mysql"),
)
