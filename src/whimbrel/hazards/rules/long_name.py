"""A name that is longer than the database takes.

PostgreSQL cuts names after 63 bytes without an error: the name in the database is another one than in the models, and two
such names may become the same. MariaDB and MySQL refuse a name of more than 64 characters, so that the run fails there.

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
    live = case.live
    most, kept = live.dialect.longest_name, live.sqla_dialect.max_identifier_length or 63
    for name in dict.fromkeys(each for each in names if isinstance(each, str)):
        if most is None and len(name.encode()) > kept:
            yield Found(name, f"{name} has {len(name.encode())} bytes, and {kept} are kept", severity="notice")
        elif most is not None and len(name) > most:
            title = live.dialect.title(live.sqla_dialect)
            yield Found(name, f"{name} has {len(name)} characters, and {title} takes {most} at most: this fails")


rule = Rule(
    code="name-too-long",
    severity="danger",
    why="PostgreSQL cuts longer names without an error; MariaDB and MySQL refuse them.",
    look=look,
    bad='op.execute("ALTER TABLE person RENAME COLUMN age TO a' + "a" * 70 + '")',
    good='op.execute("ALTER TABLE person RENAME COLUMN age TO years")',
    on=("postgresql", "mysql"),
)
