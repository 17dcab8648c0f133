"""A sequence goes that has given out numbers.

Made again later it begins at one, and gives out keys that rows have, or that links and logs outside of the database still mean.

Keep it; or make the new one begin after the last number (``setval``).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.step import shown
from ...plan.words import NAME, plain
from ..rule import Case, Found, Rule
from ._sql import literal, statements

SEQUENCE = re.compile(rf"DROP SEQUENCE (?:IF EXISTS )?((?:{NAME}\.)?{NAME})", re.IGNORECASE)
IDENTITY = re.compile(
    rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?((?P<schema>{NAME})\.)?(?P<table>{NAME}) .*?"
    rf"ALTER (?:COLUMN )?(?P<column>{NAME}) DROP IDENTITY",
    re.IGNORECASE,
)


def look(case: Case) -> Iterator[Found]:
    """DROP SEQUENCE and DROP IDENTITY of what has given out a number."""
    live = case.live
    for statement in statements(case):
        if found := SEQUENCE.match(statement):
            name = ".".join(plain(each, "postgresql") for each in re.findall(NAME, found[1]))
            last = last_number(case, literal(found[1]))
            if (last and not goes_with_its_tables(case, found[1])) or live.connection is None:
                now = f", and is at {last:,} now" if last else ""
                yield Found(name, f"the sequence {name} would begin again if it returned{now}")
        elif found := IDENTITY.match(statement):
            schema = plain(found["schema"], "postgresql") if found["schema"] else None
            table = live.known_as((schema, plain(found["table"], "postgresql")))
            column = plain(found["column"], "postgresql")
            if table is None or not live.has_rows(table):
                continue
            last = last_number(case, f"pg_get_serial_sequence({literal(live.quoted(table))}, {literal(column)})")
            if last or live.connection is None:
                now = f", and are at {last:,} now" if last else ""
                name = f"{shown(table)}.{column}"
                yield Found(name, f"the numbers of {name} would begin again if they returned{now}")


def last_number(case: Case, sequence: str) -> int | None:
    """The number that a sequence gave out last; None where it has given out none, or is not there."""
    found = case.live.some(f"select pg_sequence_last_value(to_regclass({sequence}))")
    return int(found[0][0]) if found and found[0][0] is not None else None


def goes_with_its_tables(case: Case, sequence: str) -> bool:
    """Whether it numbers the rows of tables, and the run has dropped all of them."""
    query = (
        "select n.nspname, c.relname from pg_depend d"
        " left join pg_attrdef a on d.classid = 'pg_attrdef'::regclass and a.oid = d.objid"
        f" join pg_class c on c.oid = case when d.objid = to_regclass({literal(sequence)}) then d.refobjid else a.adrelid end"
        " join pg_namespace n on n.oid = c.relnamespace where c.relkind in ('r', 'p')"
        f" and to_regclass({literal(sequence)}) in (d.objid, d.refobjid)"
    )
    tables = [case.live.key((schema, name)) for schema, name in case.live.some(query)]
    return bool(tables) and all(table in case.live.created for table in tables)


rule = Rule(
    code="numbers-begin-again",
    severity="notice",
    why="The last number is kept in the sequence, and goes with it.",
    look=look,
    given=("CREATE SEQUENCE ticket", "SELECT nextval('ticket')", "CREATE SEQUENCE unused"),
    bad='op.execute("DROP SEQUENCE ticket")',
    good='op.execute("DROP SEQUENCE unused")',
    on=("postgresql",),
)
