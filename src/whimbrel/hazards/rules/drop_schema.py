"""A schema or a whole database is dropped.

Drop the tables that the revision is about, each by its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import DropNamespace
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """DROP SCHEMA and DROP DATABASE."""
    if isinstance(case.op, DropNamespace):
        yield Found(case.op.name, f"the {case.op.kind} {case.op.name} would go with everything in it")


rule = Rule(
    code="drop-schema-loses-data",
    severity="danger",
    why="Whatever is in a schema goes with it, also what this project has not made.",
    look=look,
    bad='op.execute("DROP SCHEMA old CASCADE")',
    good='op.execute("CREATE SCHEMA new")',
    on=("postgresql", "mysql"),
    is_watched=True,
)
