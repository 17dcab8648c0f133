"""A name that is longer than the database keeps.

PostgreSQL cuts names after 63 bytes without an error: the name in the database is another one than in the models, and two
such names may become the same.

Choose a shorter name.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..rule import Case, Found, Rule

NAMES = ("table_name", "new_table_name", "column_name", "modify_name", "index_name", "constraint_name")


def look(case: Case) -> Iterator[Found]:
    """New names of any operation."""
    column = getattr(case.op, "column", None)
    names = [getattr(case.op, attribute, None) for attribute in NAMES]
    names += [getattr(column, "name", None)]
    longest = case.live.sqla_dialect.max_identifier_length or 63
    for name in names:
        if isinstance(name, str) and len(name.encode()) > longest:
            yield Found(name, f"{name} has {len(name.encode())} bytes, and {longest} are kept")


rule = Rule(
    code="name-too-long",
    severity="notice",
    why="PostgreSQL cuts longer names without an error.",
    look=look,
    bad='op.execute("ALTER TABLE person RENAME COLUMN age TO a' + "a" * 70 + '")',
    good='op.execute("ALTER TABLE person RENAME COLUMN age TO years")',
    on=("postgresql",),
)
