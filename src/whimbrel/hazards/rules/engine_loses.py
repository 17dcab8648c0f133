"""A table goes to an engine that does not keep rows.

BLACKHOLE takes rows and has none; MEMORY has them until the server stops.

Choose an engine that keeps rows: InnoDB, Aria, MyISAM.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.step import Table, shown
from ...plan.words import NAME, plain
from ..live import Live
from ..rule import Case, Found, Rule
from ._data import in_rows
from ._sql import statements

ENGINE = re.compile(
    rf"ALTER (?:IGNORE |ONLINE )*TABLE (?:IF EXISTS )?(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})\b"
    r".*?\bENGINE ?=? ?[\"'`]?(?P<engine>BLACKHOLE|MEMORY|HEAP)\b",
    re.IGNORECASE,
)


def look(case: Case) -> Iterator[Found]:
    """ALTER TABLE … ENGINE of a table with rows."""
    for statement in statements(case):
        if (found := ENGINE.match(statement)) is None:
            continue
        table = case.live.known_as((plain(found["schema"], "mysql") if found["schema"] else None, plain(found["table"], "mysql")))
        engine = found["engine"].upper().replace("HEAP", "MEMORY")  # two names of one
        if table is not None and engine != engine_of(case.live, table) and (rows := in_rows(case.live, table)):
            when = "at once" if engine == "BLACKHOLE" else "when the server stops"
            yield Found(shown(table), f"{rows} of {shown(table)} would be lost {when}: {engine} does not keep them")


def engine_of(live: Live, table: Table) -> str | None:
    """The engine that a table has now; None where nobody knows."""
    if live.connection is None or not live.is_there(table):
        return None
    return str(live.inspector.get_table_options(table[1], schema=table[0]).get("mysql_engine")).upper()


rule = Rule(
    code="engine-loses-data",
    severity="danger",
    why="The rows of such a table are nowhere on disk.",
    look=look,
    bad='op.execute("ALTER TABLE person ENGINE = MEMORY")',
    good='op.execute("ALTER TABLE person ENGINE = InnoDB")',
    on=("mysql",),
)
