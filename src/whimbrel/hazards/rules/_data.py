"""What rules about rows have in common."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from alembic.operations import ops

from ...plan.step import Rows, Table
from ..live import Live, numbered
from ..rule import Case, Found

COPIES = re.compile(r"\s*(INSERT\b.*\bSELECT|CREATE\b.*\bAS\s+SELECT|UPDATE)\b", re.IGNORECASE | re.DOTALL)

LONGEST = 60
"""Characters of one value."""


def in_rows(live: Live, table: Table, condition: str = "") -> str | None:
    """How many rows of a table, that meet a condition, in words; None where there are none."""
    if not live.has_rows(table):
        return None
    if live.connection is None:
        rows = live.rows(table)
        return "all rows" if rows is None or condition else numbered(rows, "row")
    query = live.counting(table, condition or "1 = 1")
    count = live.number(query)
    if count is None:
        return f"all rows ({more_than_counted(live)})" if live.has_given_up(query) else "all rows"
    return numbered(count, "row") if count else None


def more_than_counted(live: Live) -> str:
    """What is said in the place of a number."""
    return f"more than could be counted in {live.patience:g} s"


def in_values(live: Live, table: Table, column: str) -> str | None:
    """How many values a column holds, in words; None where it holds none."""
    query = f"SELECT count({live.column(column)}) FROM {live.quoted(table)}"
    count = live.number(query)
    if count is None:
        return f"the values ({more_than_counted(live)})" if live.has_given_up(query) else "the values"
    return numbered(count, "value") if count else None


def unknown(live: Live, query: str, object: str, message: str) -> Iterator[Found]:
    """What a rule says where its count took too long, or was refused: nothing is known to be wrong, so that it stops nobody.

    A query about a column that the run makes cannot be answered; nobody is told that.
    """
    made = {column for _, column in live.added}
    is_about_now = not any(re.search(rf"\b{re.escape(each)}\b", query, re.IGNORECASE) for each in made)
    if is_about_now and (why := live.why_unanswered(query)):
        yield Found(object, f"{message}: that could not be counted {why}", severity="notice")


def dependents(live: Live, table: Table) -> list[Table]:
    """The tables that reference a table, also by way of others."""
    keys = live.foreign_keys(table[0])
    found = [table]
    for parent in found:
        for child, listed in keys.items():
            points = any(live.key((each["referred_schema"], each["referred_table"])) == parent for each in listed)
            if points and child not in found:
                found.append(child)
    return found[1:]


def examples(live: Live, query: str, names: bool = False) -> str:
    """Some values, as they follow a sentence."""
    rows = live.some(f"{query} LIMIT 3")
    values = [in_short(", ".join(map(in_short, row))) if names else in_short(as_typed(row[0])) for row in rows]
    return f": {'; '.join(dict.fromkeys(values))}" if values else ""


def as_typed(value: Any) -> str:
    """A value as a person writes it: text in quotes, a moment or a number as they are read."""
    return repr(value) if isinstance(value, (str, bytes)) else str(value)


def in_short(value: Any) -> str:
    """A value as part of a line: in quotes where it would break that, and not all of a long one."""
    text = str(value)
    text = text if text.isprintable() else repr(text)
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def which(live: Live, table: Table, condition: str) -> str:
    """Some of the rows that meet a condition, by their primary key, as they follow a number of rows; "" where there is none."""
    key = live.primary_key(table)
    if not key:
        return ""
    listed = ", ".join(map(live.column, key))
    rows = live.some(f"SELECT {listed} FROM {live.quoted(table)} WHERE {condition} ORDER BY {listed} LIMIT 3")
    values = [", ".join(map(in_short, row)) for row in rows]
    return f" ({', '.join(key)}: {'; '.join(values)})" if values else ""


def met(case: Case) -> tuple[int, int] | None:
    """How many rows the table of a DELETE has, and how many meet its condition; None where nobody knows ahead.

    What the run has made or changed before tells nothing about the rows that it will meet.
    """
    live, op = case.live, case.op
    if not isinstance(op, Rows) or not op.count or live.is_uncertain:
        return None
    names = {live.key(each) for each in op.reads}
    is_as_now = all(live.known_as(each) == each and each not in live.written for each in names)
    changed = {column for table, column in (*live.added, *live.was_column) if table in names}
    is_as_now = is_as_now and not any(re.search(rf"\b{re.escape(each)}\b", op.count, re.IGNORECASE) for each in changed)
    found = live.ask(op.count) if is_as_now else None
    return (int(found[0][0]), int(found[0][1])) if found else None


def in_all_rows(case: Case) -> str | None:
    """How many rows go where a table is emptied, in words; None where there are none."""
    assert case.table is not None
    if (known := met(case)) is not None:
        return numbered(known[1], "row") if known[1] else None
    rows = in_rows(case.live, case.table)
    return "rows" if rows and case.op.count else rows  # nobody knows how many of them


def is_undoing(case: Case) -> bool:
    """Whether this is a downgrade, which deletes what its upgrade has inserted."""
    return case.planned.direction == "downgrade"


def taken_along(case: Case) -> Iterator[tuple[Table, int, int]]:
    """The tables with a key ON DELETE CASCADE to rows that a DELETE meets: how many rows each has, and how many go along."""
    live, table = case.live, case.table
    if table is None or live.connection is None or not live.dialect.cascades(live.connection):
        return
    keys = live.foreign_keys(table[0])
    found = [(table, case.op.meeting or f"SELECT * FROM {live.quoted(table)}")]
    seen: set[Table] = set()
    for parent, rows in found:
        for child, listed in keys.items():
            if child in seen or child in live.created or child in live.written:
                continue
            for key in listed:
                to = live.key((key["referred_schema"], key["referred_table"]))
                if to != parent or key.get("options", {}).get("ondelete") != "CASCADE" or key["name"] in live.gone:
                    continue
                names = (key["constrained_columns"], key["referred_columns"])
                local, remote = (", ".join(map(live.column, each)) for each in names)
                where = f"({local}) IN (SELECT {remote} FROM ({rows}) gone)"
                every, meets = live.count(child, "1 = 1"), live.count(child, where)
                if every and meets:
                    seen.add(child)
                    found.append((child, f"SELECT * FROM {live.quoted(child)} WHERE {where}"))
                    yield child, every, meets


def unless_kept(case: Case, name: str) -> str:
    """What has to be added where the revision reads rows, or copies them, before it drops something of this name."""
    if case.step.why is not None:
        return " if it is dropped, and the revision does not keep them elsewhere"
    if any(COPIES.match(sql) and re.search(rf"\b{re.escape(name)}\b", sql) for step in case.earlier for sql in step.sql):
        return ", but for what the revision has copied before"
    return ""


def later(case: Case) -> list[Any]:
    """The operations of the revision from this step on."""
    steps = case.planned.steps[case.planned.steps.index(case.step) :]
    return [op for step in steps for op in step.operations]


def comes_back(case: Case, table: Table) -> bool:
    """Whether the revision makes a table of the same name afterwards, where nothing keeps the old one from going until then."""
    made = [op for op in later(case) if isinstance(op, (ops.CreateTableOp, ops.RenameTableOp))]
    names = {str(op.new_table_name) if isinstance(op, ops.RenameTableOp) else op.table_name for op in made}
    return table[1] in names and not case.live.dialect.keeps_used_tables


def is_unclear(case: Case) -> bool:
    """Whether this step, or one before it, may do something or not: then nobody knows what is there when it runs."""
    return case.live.is_uncertain or case.step.why is not None


def is_known(case: Case) -> bool:
    """Whether a count of rows now tells what the operation will meet."""
    return case.table is not None and case.live.connection is not None and case.is_untouched


def name_of(thing: Any) -> str:
    """A name as text."""
    return str(thing)
