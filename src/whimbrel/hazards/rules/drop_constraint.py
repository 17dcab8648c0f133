"""A constraint goes, and with it what it promised about the rows.

What it kept out can come in from now on, and adding it again later fails on those rows. Drop it only where the rule itself has
changed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._data import later

MAKES = (ops.CreateForeignKeyOp, ops.CreateCheckConstraintOp, ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)


def look(case: Case) -> Iterator[Found]:
    """DropConstraintOp on a table with rows, where the revision makes none of its name."""
    if isinstance(case.op, ops.DropConstraintOp) and case.table is not None and case.live.has_rows(case.table):
        made = [op for op in later(case) if isinstance(op, MAKES) and table_of(op) == table_of(case.op)]
        if any(op.constraint_name == case.op.constraint_name or is_wider(case, op) for op in made):
            return
        is_primary = case.op.constraint_type == "primary"
        if is_primary and any(isinstance(op, ops.CreatePrimaryKeyOp) for op in made):
            return
        name = f"{shown(case.table)}.{case.op.constraint_name}"
        what = "the primary key" if is_primary else case.op.constraint_name
        yield Found(name, f"{what} keeps nothing out of {shown(case.table)} any more")


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
