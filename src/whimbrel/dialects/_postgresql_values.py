"""Which values of a PostgreSQL column do not survive a change of its type: what is refused, cut, rounded or left out."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import Connection, text

from ._conversions import does_not_fit as of_texts_and_numbers
from ._conversions import is_text, length

TYPES = text("""
    select format_type(a.atttypid, a.atttypmod) as old, n.oid as new, n.typtype as kind,
        coalesce(nullif(o.typbasetype, 0), o.oid) = n.typbasetype as is_its_base,
        (o.typcategory = 'A') = (n.typcategory = 'A') and (o.oid = n.oid or 2 = (
            select count(*) from pg_cast c where (c.castsource, c.casttarget) in (
                (coalesce(p.oid, o.oid), coalesce(q.oid, n.oid)), (coalesce(q.oid, n.oid), coalesce(p.oid, o.oid))
            ))) as goes_both_ways
    from pg_attribute a join pg_type o on o.oid = a.atttypid left join pg_type n on n.oid = to_regtype(:new)
        left join pg_type p on o.typcategory = 'A' and p.oid = o.typelem
        left join pg_type q on n.typcategory = 'A' and q.oid = n.typelem
    where a.attrelid = to_regclass(:name) and a.attname = :column
""")
CHECKS = text("select pg_get_constraintdef(oid) from pg_constraint where contypid = :type and contype = 'c'")
VALUE = re.compile(r"('(?:[^']|'')*')|\bVALUE\b")
MEMBERS = re.compile(r"enum\s*(\(.*\))", re.IGNORECASE | re.DOTALL)
CAN_BE_ASKED = (16,)
"""The version since which pg_input_is_valid() says whether a text is one of a type."""


def does_not_fit(connection: Connection, named: str, column: str, quoted: str, new: str, using: str | None) -> str | None:
    """The condition for them; None where all survive, or nobody knows.

    quoted: the column. new: the type, or ENUM with its values where the run makes it. using: how the values are converted: known
    where that is by a plain cast, or without the column.
    """
    name = rf'(?:"{re.escape(column)}"|{re.escape(column)}\b)'
    if using is not None and not re.search(rf'(?<![\w"]){name}', re.sub(r"'[^']*'", "", using), re.IGNORECASE):
        return "1 = 1"
    cast = quoted if using is None or is_cast(using, name) else text_that_is_cast(using)
    if cast is None:
        return None
    members = MEMBERS.fullmatch(new.strip())
    type_ = "text" if members else re.sub(r"\s+COLLATE\s+.*", "", new, flags=re.IGNORECASE)
    row = connection.execute(TYPES, {"name": named, "column": column, "new": type_}).one_or_none()
    if row is None or (cast != quoted and not is_text(row.old)):
        return None
    if members:
        return f"{cast}::text NOT IN {members[1]}"
    return of_texts_and_numbers(cast, str(row.old), new, "!~") or of_kind(connection, row, cast, type_)


def is_cast(using: str, name: str) -> bool:
    """Whether an expression is a cast of the column, perhaps by way of text."""
    inner = rf"\(*\s*{name}\s*\)*(?:\s*::\s*(?:text|character varying|varchar)\b)?"
    return re.fullmatch(rf"\s*\(*\s*(?:CAST\s*\(\s*)?{inner}\s*(?:::|\bAS\b)[\w\s(),.\"\[\]]+", using, re.IGNORECASE) is not None


def text_that_is_cast(using: str) -> str | None:
    """What is cast in NULLIF(trim(name), '')::integer; None for another expression."""
    found = re.fullmatch(r"\s*(\w+\s*\(.*\))\s*::[\w\s(),.\"]+", using, re.DOTALL)
    if found is None or not re.match(r"(nullif|trim|btrim|ltrim|rtrim|replace|regexp_replace|lower|upper)\b", found[1], re.I):
        return None
    depth = 0
    for each in re.finditer(r"'(?:[^']|'')*'|[()]", found[1]):
        depth += {"(": 1, ")": -1}.get(each[0], 0)
        if not depth and each[0] == ")" and each.end() < len(found[1]):
            return None  # there is more than one call
    return f"({found[1]})"


def of_kind(connection: Connection, row: Any, quoted: str, new: str) -> str | None:
    """By what the server knows of the two types."""
    if row.kind == "e":
        return f"{quoted}::text NOT IN (SELECT enumlabel FROM pg_catalog.pg_enum WHERE enumtypid = {row.new})"
    if row.kind == "d" and row.is_its_base:
        checks = [re.sub(r" NOT VALID$", "", check)[len("CHECK") :] for check in connection.scalars(CHECKS, {"type": row.new})]
        return " OR ".join(f"NOT {VALUE.sub(lambda found: found[1] or quoted, check)}" for check in checks) or None
    if row.new is None:
        return None
    if "[]" in row.old + new:  # an array is converted part by part
        return f"{quoted} <> ({quoted}::{new})::{row.old}" if row.goes_both_ways else None
    if is_text(new):
        size = length(new)
        return None if size is None or is_text(row.old) else f"char_length({quoted}::text) > {size}"
    if is_text(row.old):
        is_there = (connection.dialect.server_version_info or ()) >= CAN_BE_ASKED
        return f"NOT pg_catalog.pg_input_is_valid({quoted}::text, '{new}')" if is_there else None
    return f"{quoted} <> ({quoted}::{new})::{row.old}" if row.goes_both_ways else None
