"""A new foreign key, and rows that point to nothing; or columns of types that no foreign key can have.

Delete or mend those rows first. Give the column the type of the one that it points to: MySQL and MariaDB want the very same
integer, PostgreSQL one that it can compare.
"""

from __future__ import annotations

from collections.abc import Iterator

from alembic.operations import ops

from ...plan.step import shown
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import examples, is_known, unknown
from .key_type import different


def look(case: Case) -> Iterator[Found]:
    """CreateForeignKeyOp over rows without a counterpart."""
    op, table = case.op, case.table
    if not isinstance(op, ops.CreateForeignKeyOp) or table is None or not is_known(case) or op.kw.get("postgresql_not_valid"):
        return
    live = case.live
    refused = [found for found, fails in different(case, table) if fails]
    yield from refused
    parents = (op.kw.get("referent_schema"), str(op.referent_table))
    other = live.known_as(parents)
    there = live.columns_of(table) or {}
    if (
        refused
        or live.key(parents) in live.written
        or other is None
        or not live.is_there(other)
        or any(name not in there for name in op.local_cols)
    ):
        return
    pairs = list(zip(op.local_cols, op.remote_cols or live.primary_key(other), strict=False))
    if not pairs:
        return
    match = " AND ".join(f"o.{live.column(remote)} = t.{live.column(local)}" for local, remote in pairs)
    given = " AND ".join(f"t.{live.column(local)} IS NOT NULL" for local, _ in pairs)
    source = f"{live.quoted(table)} t WHERE {given} AND NOT EXISTS (SELECT 1 FROM {live.quoted(other)} o WHERE {match})"
    counting, listed = f"SELECT count(*) FROM {source}", ", ".join(op.local_cols)
    count = live.number(counting)
    doubt = f"rows of {shown(table)} may point to no row of {shown(other)} ({listed})"
    yield from unknown(live, counting, shown(table), doubt)
    if count:
        some = examples(live, f"SELECT t.{live.column(pairs[0][0])} FROM {source}")
        points = "points" if count == 1 else "point"
        yield Found(
            shown(table), f"{numbered(count, 'row')} of {shown(table)} {points} to no row of {shown(other)} ({listed}){some}"
        )


rule = Rule(
    code="foreign-key-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on a row whose counterpart is missing.",
    look=look,
    bad="""with op.batch_alter_table("person") as batch_op:
        batch_op.create_foreign_key("fk_person_age", "pet", ["age"], ["id"])""",
    good="""with op.batch_alter_table("pet") as batch_op:
        batch_op.create_foreign_key("fk_pet_person", "person", ["person_id"], ["id"])""",
    on=("postgresql", "mysql"),
)
