"""A partition comes, and rows are not where its bounds say: in the table itself, or in the default partition.

Move them first, in the same revision: delete them from the one and insert them into the other.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...plan.step import shown
from ...plan.words import NAME, plain
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import unknown, which
from ._sql import literal, statements

NAMED = rf"(?:{NAME}\.)?{NAME}"
ATTACH = re.compile(rf"ALTER TABLE (?:IF EXISTS )?(?P<parent>{NAMED}) ATTACH PARTITION (?P<table>{NAMED}) (?P<bounds>.*)", re.I)
CREATE = re.compile(
    rf"CREATE TABLE (?:IF NOT EXISTS )?(?P<table>{NAMED}) PARTITION OF (?P<parent>{NAMED}) (?P<bounds>FOR VALUES.*)", re.I
)
RANGE = re.compile(r"FOR VALUES FROM ?(\(.*\)) TO ?(\(.*\))", re.IGNORECASE)
LISTED = re.compile(r"FOR VALUES IN ?(\(.*\))", re.IGNORECASE)
KEY = re.compile(r"(RANGE|LIST) (\(.*\))", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """ATTACH PARTITION and CREATE TABLE … PARTITION OF over rows that make it fail."""
    live = case.live
    if live.connection is None or live.is_uncertain:
        return
    for statement in statements(case):
        found = ATTACH.match(statement) or CREATE.match(statement)
        inside = None if found is None else condition(case, found["parent"], found["bounds"])
        if found is None or inside is None:
            continue
        parent, table = ([plain(part, "postgresql") for part in re.findall(NAME, found[each])] for each in ("parent", "table"))
        named = (table[-2] if len(table) > 1 else None, table[-1])
        known = live.known_as(named) if found.re is ATTACH else None
        wrong = f"NOT coalesce({inside}, false)"
        if known is not None and live.key(named) not in live.written:
            if count := live.count(known, wrong):
                rows = f"{numbered(count, 'row')} of {shown(known)}{which(live, known, wrong)}"
                yield Found(shown(known), f"the bounds in {parent[-1]} leave out {rows}")
            doubt = f"the bounds in {parent[-1]} may leave out rows of {shown(known)}"
            yield from unknown(live, live.counting(known, wrong), shown(known), doubt)
        default = default_of(case, found["parent"])
        if default is not None and default not in live.written:
            if count := live.count(default, inside):
                rows = f"{numbered(count, 'row')} of {shown(default)}{which(live, default, inside)}"
                yield Found(shown(default), f"the bounds of {table[-1]} take in {rows}")
            doubt = f"the bounds of {table[-1]} may take in rows of {shown(default)}"
            yield from unknown(live, live.counting(default, inside), shown(default), doubt)


def condition(case: Case, parent: str, bounds: str) -> str | None:
    """The condition for rows that belong into a partition; None where that is not said in values."""
    rows = case.live.some(f"select pg_get_partkeydef(to_regclass({literal(parent)}))")
    key = KEY.fullmatch(str(rows[0][0])) if rows else None
    if key is None or re.search(r"\b(MINVALUE|MAXVALUE|NULL)\b", bounds, re.IGNORECASE):
        return None
    if (found := RANGE.match(bounds)) and key[1].upper() == "RANGE":
        return f"({key[2]} >= {found[1]} AND {key[2]} < {found[2]})"
    if (found := LISTED.match(bounds)) and key[1].upper() == "LIST":
        return f"({key[2]} IN {found[1]})"
    return None


def default_of(case: Case, parent: str) -> tuple[str | None, str] | None:
    """The default partition of a table."""
    rows = case.live.some(
        "select n.nspname, c.relname from pg_partitioned_table p join pg_class c on c.oid = p.partdefid"
        f" join pg_namespace n on n.oid = c.relnamespace where p.partrelid = to_regclass({literal(parent)})"
    )
    return case.live.key(tuple(rows[0])) if rows else None


rule = Rule(
    code="attach-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on the first row that is in the wrong partition.",
    look=look,
    given=(
        "CREATE TABLE visit (id integer NOT NULL) PARTITION BY RANGE (id)",
        "CREATE TABLE visit_1 (id integer NOT NULL)",
        "INSERT INTO visit_1 VALUES (1)",
    ),
    bad='op.execute("ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (100) TO (200)")',
    good='op.execute("ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (0) TO (100)")',
    on=("postgresql",),
)
