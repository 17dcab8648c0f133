"""A value of an enum gets another name.

Programs that run while this is deployed still write the old one, and fail; those that read rows do not know the new one.

Add the new value, change the rows over, and stop to use the old one.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.words import NAME
from ..rule import Case, Found, Rule
from ._sql import statements, users_of_type

RENAME = re.compile(rf"ALTER TYPE ((?:{NAME}\.)?{NAME}) RENAME VALUE '((?:[^']|'')*)' TO '((?:[^']|'')*)'", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """ALTER TYPE … RENAME VALUE of an enum that a table with rows has."""
    live = case.live
    for statement in statements(case):
        if (found := RENAME.match(statement)) is None:
            continue
        if live.connection is None or any(map(live.has_rows, users_of_type(live, found[1]))):
            name = found[1].replace('"', "")
            yield Found(f"{name}.{found[2]}", f"programs that write '{found[2]}' of {name} fail until they know '{found[3]}'")


rule = Rule(
    code="enum-rename-breaks-programs",
    severity="notice",
    why="The old value is gone at once, the programs that use it are not.",
    look=look,
    given=("CREATE TYPE mood AS ENUM ('glad', 'sad')", "ALTER TABLE person ADD mood mood"),
    bad="""op.execute("ALTER TYPE mood RENAME VALUE 'glad' TO 'happy'")""",
    good="""with op.get_context().autocommit_block():
        op.execute("ALTER TYPE mood ADD VALUE 'happy'")""",
    on=("postgresql",),
)
