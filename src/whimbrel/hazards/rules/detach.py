"""A partition is taken out while nobody may use the whole table.

It waits for whoever uses the table, and everybody else waits for it. ``DETACH PARTITION … CONCURRENTLY`` (since version 14, in an
``autocommit_block()``, and where there is no default partition) lets them go on.
"""

from __future__ import annotations

from collections.abc import Iterator

from ...plan.step import shown
from ..rule import Case, Found, Rule
from ._safe import execute, quoted
from ._sql import literal, statements

SINCE = (14,)


def look(case: Case) -> Iterator[Found]:
    """DETACH PARTITION from a table with rows, where it could be done CONCURRENTLY."""
    effect, live = case.effect, case.live
    if effect is None or effect.kind != "detach" or effect.table is None or not effect.blocks or not statements(case):
        return
    known = live.known_as(effect.table)
    if known is None or not live.has_rows(known) or (live.version or SINCE) < SINCE:
        return
    default = f"select 1 from pg_partitioned_table where partrelid = {literal(live.quoted(known))}::regclass and partdefid <> 0"
    if not live.some(default):
        other = " and ".join(map(shown, effect.others))
        message = f"nobody reads or writes {shown(known)} while it waits for its turn to take {other} out"
        names = [quoted(case, each) for each in (effect.table, *effect.others)]
        safe = execute(f"ALTER TABLE {names[0]} DETACH PARTITION {names[-1]} CONCURRENTLY")
        yield Found(shown(known), message, safe)


rule = Rule(
    code="detach-blocks-reads",
    severity="notice",
    why="DETACH PARTITION holds ACCESS EXCLUSIVE on the partitioned table until the revision is committed.",
    look=look,
    given=(
        "CREATE TABLE visit (id integer) PARTITION BY RANGE (id)",
        "CREATE TABLE visit_1 PARTITION OF visit FOR VALUES FROM (0) TO (100)",
        "INSERT INTO visit VALUES (1)",
    ),
    bad='op.execute("ALTER TABLE visit DETACH PARTITION visit_1")',
    good="""with op.get_context().autocommit_block():
        op.execute("ALTER TABLE visit DETACH PARTITION visit_1 CONCURRENTLY")""",
    on=("postgresql",),
)
