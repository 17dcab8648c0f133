"""A foreign key deletes rows along with those that they point to.

From then on a DELETE of one row takes others with it that nobody has named. Say ``ondelete="RESTRICT"`` where that is not meant.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """CreateForeignKeyOp with ON DELETE CASCADE on a table that is there, and AddColumnOp with such a key."""
    op, keys = case.op, []
    if isinstance(op, ops.CreateForeignKeyOp):
        keys = [(str(op.referent_table), op.kw.get("ondelete"))]
    elif isinstance(op, ops.AddColumnOp):
        keys = [(key.target_fullname.rpartition(".")[0], key.ondelete) for key in op.column.foreign_keys]
    for other, action in keys if case.table is not None else ():
        if str(action).upper() != "CASCADE" or case.table is None:
            continue
        yield Found(shown(case.table), f"rows of {shown(case.table)} go with those of {other} that they point to")


rule = Rule(
    code="cascade-deletes-rows",
    severity="notice",
    why="ON DELETE CASCADE deletes rows that no statement names.",
    look=look,
    bad="""with op.batch_alter_table("pet") as batch_op:
        batch_op.create_foreign_key("fk_pet_person", "person", ["person_id"], ["id"], ondelete="CASCADE")""",
    good="""with op.batch_alter_table("pet") as batch_op:
        batch_op.create_foreign_key("fk_pet_person", "person", ["person_id"], ["id"])""",
)
