"""A column of type json, which PostgreSQL cannot compare.

``SELECT DISTINCT``, ``GROUP BY`` and ``UNION`` over it fail. Use ``postgresql.JSONB``.
"""

from __future__ import annotations

from collections.abc import Iterator

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy.dialects import postgresql

from ...plan.step import shown, table_of
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """AddColumnOp with a plain JSON."""
    if isinstance(case.op, ops.AddColumnOp) and (table := table_of(case.op)):
        type_ = case.op.column.type
        if isinstance(type_, sa.JSON) and not isinstance(type_.dialect_impl(case.live.sqla_dialect), postgresql.JSONB):
            name = f"{shown(table)}.{case.op.column.name}"
            yield Found(name, f"{name} is json, which has no equality", "postgresql.JSONB()")


rule = Rule(
    code="json-column",
    severity="notice",
    why="json keeps the text as it was written and has no operator for equality; jsonb has.",
    look=look,
    bad='op.add_column("person", sa.Column("data", sa.JSON()))',
    good='op.add_column("person", sa.Column("data", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")))',
    on=("postgresql",),
)
