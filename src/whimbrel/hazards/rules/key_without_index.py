"""A foreign key on columns that no index begins with.

Every DELETE and UPDATE of the other table reads this one whole.

Create the index first, ``CONCURRENTLY`` where the table is large.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from alembic.operations import ops

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule
from ._safe import index


def look(case: Case) -> Iterator[Found]:
    """CreateForeignKeyOp on a table with rows, without an index that serves it."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.CreateForeignKeyOp) or table is None or live.connection is None or not live.has_rows(table):
        return
    wanted = list(op.local_cols)
    made = [each for step in case.earlier for each in step.operations if isinstance(each, ops.CreateIndexOp)]
    known = [[str(name) for name in each.columns] for each in made if each.table_name == op.source_table]
    keys = (ops.CreatePrimaryKeyOp, ops.CreateUniqueConstraintOp)
    with_keys = [each for step in case.earlier for each in step.operations if isinstance(each, keys)]
    known += [[str(getattr(name, "name", name)) for name in each.columns] for each in with_keys if table_of(each) == table_of(op)]
    inspector = live.inspector
    whole = [each for each in inspector.get_indexes(table[1], schema=table[0]) if not is_partial(each)]
    known += [list(map(str, each["column_names"])) for each in whole]
    known.append(inspector.get_pk_constraint(table[1], schema=table[0])["constrained_columns"])
    known += [each["column_names"] for each in inspector.get_unique_constraints(table[1], schema=table[0])]
    if not any(sorted(each[: len(wanted)]) == sorted(wanted) for each in known):
        listed = ", ".join(wanted)
        safe = index(case, f"ix_{op.source_table}_{wanted[0]}", (op.kw.get("source_schema"), op.source_table), wanted)
        yield Found(shown(table), f"{shown(table)} has no index on {listed} that the foreign key could use", safe)


def is_partial(index: Mapping[str, Any]) -> bool:
    """Whether an index leaves out rows, so that it does not tell whether there are none."""
    return any(name.endswith("_where") and value for name, value in (index.get("dialect_options") or {}).items())


rule = Rule(
    code="foreign-key-without-index",
    severity="notice",
    why="The server looks for rows that point to what is deleted, and reads all of them without an index.",
    look=look,
    bad="""op.execute("UPDATE person SET age = 1")
    op.create_foreign_key("fk_person_age", "person", "person", ["age"], ["id"])""",
    good="""op.execute("UPDATE person SET age = 1")
    op.create_index("ix_person_age", "person", ["age"])
    op.create_foreign_key("fk_person_age", "person", "person", ["age"], ["id"])""",
    on=("postgresql",),
)
