"""What a revision does here cannot be seen without running it.

It reads from the database to decide what to do, or uses a connection of its own, or its SQL could not be read, or calls a
function that changes rows. It may be harmless; nobody has looked at it.

Tables and columns that its text drops are judged all the same, whether they are dropped in the end or not.

Read it yourself, and say so: ``accepts``, or ``# whimbrel: ignore[not-seen]`` on the line.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.words import NAME, plain
from ..rule import Case, Found, Rule
from ._sql import literal, statements

QUERY = re.compile(r"(SELECT|WITH|CALL)\b", re.IGNORECASE)
CALLED = re.compile(r"\b(\w+) ?\(")
MAKES = re.compile(rf"\s*CREATE\s+(?:OR\s+REPLACE\s+)?(?:FUNCTION|PROCEDURE)\s+(?:{NAME}\.)?(?P<name>{NAME})", re.IGNORECASE)
CHANGING = "insert|update|delete|truncate|merge|drop|alter|create|execute|perform|call|copy"


def look(case: Case) -> Iterator[Found]:
    """A step that could not be seen, and a call of a function that may change something."""
    if case.step.why is not None and case.op is (case.step.operations or (None,))[0]:
        yield Found(case.planned.revision.id, case.step.why)
    elif case.live.dialect.kind == "postgresql":
        for name in changing(case):
            yield Found(case.planned.revision.id, f"it calls {name}(), which may change rows or tables")


def changing(case: Case) -> list[str]:
    """The functions of the database's own that a query calls, as far as their text does not say that they only read."""
    called = {name.lower() for sql in statements(case) if QUERY.match(sql) for name in CALLED.findall(sql)}
    if not called:
        return []
    made = {plain(found["name"], "postgresql") for step in case.earlier for sql in step.sql if (found := MAKES.match(sql))}
    listed = ", ".join(map(literal, sorted(called)))
    rows = case.live.some(
        "select distinct p.proname from pg_proc p join pg_language l on l.oid = p.prolang"
        f" where p.proname in ({listed}) and p.pronamespace <> 'pg_catalog'::regnamespace and p.provolatile = 'v'"
        f" and (l.lanname not in ('sql', 'plpgsql') or p.prosrc ~* '\\m({CHANGING})\\M'"
        " or to_jsonb(p) ->> 'prosqlbody' is not null)"
        " and not exists (select from pg_depend d where d.objid = p.oid and d.deptype = 'e')"
    )
    return sorted({row[0] for row in rows} | (called & made))


rule = Rule(
    code="not-seen",
    severity="notice",
    why="What a revision does here is known only when it runs.",
    look=look,
    bad="""for row in op.get_bind().execute(sa.text("select id from person")):
        pass""",
    good="""op.get_bind().execute(sa.text("update person set age = 1 where id = 1"))""",
)
