"""A unique constraint or primary key builds its index while nobody may use the table.

Build a unique index ``CONCURRENTLY`` first, and add the constraint ``USING INDEX``.
"""

from __future__ import annotations

from alembic.operations import ops

from ...plan.step import table_of
from ..rule import Case, Rule
from ._lock import waits
from ._safe import column, execute, index, named, names, of_step, quoted
from ._sql import is_partitioned


def instead(case: Case) -> str | None:
    """The index first, without the lock, and then the constraint on it. For EXCLUDE there is no such way."""
    op = of_step(case, ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)
    table = table_of(op)
    if op is None or table is None:
        return (
            None if case.effect is None or case.effect.kind == "exclude" else "the column first, then a unique index CONCURRENTLY"
        )
    if is_partitioned(case.live, case.live.known_as(table) or table):
        return None  # its constraints take no index that is there
    is_primary = isinstance(op, ops.CreatePrimaryKeyOp)
    name = named(op, f"{table[1]}_pkey" if is_primary else f"uq_{table[1]}_{names(op.columns)[0]}")
    same = {each: op.kw.get(each) for each in ("postgresql_nulls_not_distinct", "postgresql_include") if op.kw.get(each)}
    built = index(case, name, table, op.columns, unique=True, **same)
    what = "PRIMARY KEY" if is_primary else "UNIQUE"
    added = f"ALTER TABLE {quoted(case, table)} ADD CONSTRAINT {column(case, name)} {what} USING INDEX {column(case, name)}"
    return f"{built}, then {execute(added)}"


rule = Rule(
    code="unique-build",
    severity="lock",
    why="ADD UNIQUE and ADD PRIMARY KEY hold ACCESS EXCLUSIVE while the index is built.",
    look=waits("unique", "primary key", "exclude", safe=instead),
    bad="""op.create_unique_constraint("uq_person", "person", ["id", "name"])""",
    good="""op.create_unique_constraint("uq_pet", "pet", ["person_id"])""",
    on=("postgresql",),
)
