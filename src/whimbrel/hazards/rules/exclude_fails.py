"""A new exclusion constraint, and rows that exclude each other.

PostgreSQL has no ``NOT VALID`` for it. Find the pairs and decide which row counts, before the constraint is made.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...dialects import clauses
from ...plan.step import shown
from ...plan.words import NAME, plain
from ..live import numbered
from ..rule import Case, Found, Rule
from ._data import in_short, unknown
from ._sql import statements

ADDS = re.compile(
    rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?(?:(?P<schema>{NAME})\.)?(?P<table>{NAME}) ADD (?:CONSTRAINT (?P<name>{NAME}) )?"
    r"EXCLUDE (?:USING \w+ ?)?(?P<rest>\(.*)$",
    re.IGNORECASE,
)
PART = re.compile(
    rf"(?P<value>{NAME}(?: ?\(.*\))?|\(.*\))(?: [\w.]+)* WITH (?P<operator>OPERATOR ?\([^()]*\)|[^\w\s()]+)$", re.IGNORECASE
)
WHERE = re.compile(r".*?\bWHERE (?P<condition>\(.*)", re.IGNORECASE)


def look(case: Case) -> Iterator[Found]:
    """ADD … EXCLUDE to a table in which each of two rows excludes the other one now."""
    live = case.live
    if live.connection is None or live.is_uncertain:
        return
    for statement in statements(case):
        if (found := ADDS.match(statement.rstrip("; "))) is None:
            continue
        named = (plain(found["schema"], "postgresql") if found["schema"] else None, plain(found["table"], "postgresql"))
        table = live.known_as(named)
        if table is None or live.key(named) in live.written or not live.has_rows(table):
            continue
        query, by = pairs_of(live.quoted(table), found["rest"]), str(found["name"] or "the new constraint")
        if query is None:
            continue
        pairs = live.some(query)
        yield from unknown(live, query, shown(table), f"rows of {shown(table)} may exclude each other by {by}")
        if pairs and pairs[0][0]:
            count, *values = pairs[0]
            some = "; ".join(in_short(each) for each in values if each is not None)
            message = f"{numbered(count, 'row')} of {shown(table)} exclude each other by {by}{f': {some}' if some else ''}"
            yield Found(shown(table), message)


def pairs_of(table: str, rest: str) -> str | None:
    """The query that counts the rows with another one for which all operators are true; None where the text is not understood.

    rest: what stands behind EXCLUDE and the name of the method.
    """
    listed, after = in_parentheses(rest)
    parts = [PART.match(each.strip()) for each in clauses(listed)]
    where = WHERE.match(after)
    if not listed or None in parts:
        return None
    found = [part for part in parts if part is not None]
    values = ", ".join(f"({part['value']}) AS v{number}" for number, part in enumerate(found))
    rows = f"SELECT tableoid AS t, ctid AS c, {values} FROM {table}"
    rows += f" WHERE {in_parentheses(where['condition'])[0]}" if where else ""
    both = " AND ".join(f"a.v{number} {part['operator']} b.v{number}" for number, part in enumerate(found))
    first = " || ', ' || ".join(f"coalesce(a.v{number}::text, '')" for number in range(len(found)))
    return (
        f"SELECT count(*), min({first}) FROM ({rows}) a"
        f" WHERE EXISTS (SELECT 1 FROM ({rows}) b WHERE (a.t, a.c) <> (b.t, b.c) AND {both})"
    )


def in_parentheses(text: str) -> tuple[str, str]:
    """What stands in the parentheses that a text begins with, and what follows them; nothing where they don't end."""
    depth = 0
    for piece in re.finditer(r"'(?:[^']|'')*'|\"[^\"]*\"|[()]", text):
        depth += {"(": 1, ")": -1}.get(piece.group(), 0)
        if depth == 0 and piece.group() == ")":
            return text[1 : piece.start()], text[piece.end() :]
    return "", ""


rule = Rule(
    code="exclusion-fails",
    severity="danger",
    asks_database=True,
    why="The statement fails on the first two rows that exclude each other.",
    look=look,
    bad='op.execute("ALTER TABLE person ADD CONSTRAINT ex_age EXCLUDE (age WITH =)")',
    good='op.execute("ALTER TABLE person ADD CONSTRAINT ex_age EXCLUDE (age WITH =, id WITH =)")',
    on=("postgresql",),
)
