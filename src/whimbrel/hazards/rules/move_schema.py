"""A table moves to another schema, or its schema gets another name.

Programs that run while this is deployed look for it where it was, and fail, unless their ``search_path`` has both places.

A view in the old place helps them meanwhile.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.step import Table, shown
from ...plan.words import NAME, plain
from ..rule import Case, Found, Rule
from ._sql import statements

MOVE = re.compile(
    rf"ALTER (?:TABLE|VIEW|MATERIALIZED VIEW) (?:IF EXISTS )?((?P<schema>{NAME})\.)?(?P<name>{NAME}) SET SCHEMA (?P<new>{NAME})",
    re.IGNORECASE,
)
RENAME = re.compile(rf"ALTER SCHEMA (?P<schema>{NAME}) RENAME TO (?P<new>{NAME})", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """SET SCHEMA of a table with rows, and RENAME of a schema that has one."""
    live = case.live
    for statement in statements(case):
        if found := MOVE.match(statement):
            schema = plain(found["schema"], "postgresql") if found["schema"] else None
            known = live.known_as((schema, plain(found["name"], "postgresql")))
            if known is not None and live.has_rows(known):
                new = plain(found["new"], "postgresql")
                yield Found(shown(known), f"programs that look for {shown(known)} do not find it in {new}")
        elif found := RENAME.match(statement):
            schema, new = (plain(found[each], "postgresql") for each in ("schema", "new"))
            if live.connection is None or any(map(live.has_rows, tables_of(case, schema))):
                yield Found(schema, f"programs that look for tables in {schema} do not find them in {new}")


def tables_of(case: Case, schema: str) -> list[Table]:
    """The tables of a schema that were there before the run."""
    live = case.live
    found = [live.key((schema, name)) for name in live.names_in(schema).values()]
    return [table for table in found if table not in live.created]


rule = Rule(
    code="schema-breaks-programs",
    severity="notice",
    why="The table is gone from its old place at once, the programs that look there are not.",
    look=look,
    given=("CREATE SCHEMA other",),
    bad='op.execute("ALTER TABLE person SET SCHEMA other")',
    good='op.execute("ALTER TABLE pet SET SCHEMA other")',
    on=("postgresql",),
)
