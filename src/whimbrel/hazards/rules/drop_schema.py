"""A schema or a whole database is dropped.

Drop the tables that the revision is about, each by its name.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import DropNamespace
from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """DROP SCHEMA, DROP DATABASE and DROP OWNED, and DROP TYPE … CASCADE."""
    if isinstance(case.op, DropNamespace):
        name = case.op.name
        is_owner = case.op.kind == "owner"
        yield Found(
            name,
            f"everything that {name} owns would go" if is_owner else f"the {case.op.kind} {name} would go with everything in it",
        )


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
