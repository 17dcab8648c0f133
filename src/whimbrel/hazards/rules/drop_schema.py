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
        name, kind = case.op.name, case.op.kind
        what = "every column of it" if kind in ("type", "domain") else "everything in it"
        yield Found(
            name, f"everything that {name} owns would go" if kind == "owner" else f"the {kind} {name} would go with {what}"
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
