"""A snapshot in its canonical form: plain data that is equal where two databases of a kind have the same structure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from .snapshot import Key, Snapshot

Facts = dict[str, Any]
"""By table (``schema.name``): by ``column name``, ``index name``, … what it is, in words."""


def canonical(snapshot: Snapshot, dialect: Any) -> Facts:
    """What a snapshot says, without what differs from one run to the next (the order of indexes, made-up names)."""
    return {shown(key): dict(sorted(of_table(snapshot, key, dialect))) for key in sorted(snapshot, key=shown)}


def fingerprint(facts: Facts) -> str:
    """A short text that is equal for the same structure only."""
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def shown(key: Key) -> str:
    """A table as a person writes it."""
    return f"{key[0]}.{key[1]}" if key[0] else key[1]


def of_table(snapshot: Snapshot, key: Key, dialect: Any) -> Iterator[tuple[str, str]]:
    """One table, one line for each thing in it."""
    for column in snapshot.of("columns", key):
        yield f"column {column['name']}", " ".join(of_column(column, dialect))
    primary = snapshot.of("pk_constraint", key)
    if primary.get("constrained_columns"):
        yield "primary key", listed(primary["constrained_columns"])
    uniques = snapshot.of("unique_constraints", key)
    for unique in uniques:
        yield f"unique {listed(unique['column_names'])}", options(unique)
    for index in snapshot.of("indexes", key):
        if not index.get("duplicates_constraint"):
            yield f"index {index['name']}", " ".join(of_index(index))
    for each in snapshot.of("foreign_keys", key):
        target = shown((each["referred_schema"], each["referred_table"]))
        where = f"{listed(each['constrained_columns'])} to {target} {listed(each['referred_columns'])}"
        yield f"foreign key {where}", options(each)
    for check in snapshot.of("check_constraints", key):
        yield f"check {plain(check['sqltext'])}", options(check)
    comment = snapshot.of("table_comment", key).get("text")
    if comment:
        yield "comment", comment


def of_column(column: Mapping[str, Any], dialect: Any) -> Iterator[str]:
    """Type, nullability, default and the rest of a column."""
    try:
        type_ = str(column["type"].compile(dialect=dialect))
    except Exception:  # a type that SQLAlchemy does not know
        type_ = repr(column["type"])
    labels = getattr(column["type"], "enums", None)
    yield type_ + (f" of {', '.join(labels)}" if labels else "")
    if not column.get("nullable", True):
        yield "not null"
    if column.get("default") is not None:
        yield f"default {plain(column['default'])}"
    if column.get("computed"):
        computed = column["computed"]
        yield f"computed as {plain(computed['sqltext'])}{' stored' if computed.get('persisted') else ''}"
    if column.get("identity"):
        yield f"identity{' always' if column['identity'].get('always') else ''}"
    if column.get("comment"):
        yield f"with the comment {column['comment']}"


def of_index(index: Mapping[str, Any]) -> Iterator[str]:
    """What an index is over, and how."""
    yield listed(index.get("expressions") or index["column_names"])
    if index.get("unique"):
        yield "unique"
    found = options(index)
    if found:
        yield found


def options(thing: Mapping[str, Any]) -> str:
    """The options that are set."""
    every = {**(thing.get("options") or {}), **(thing.get("dialect_options") or {})}
    return " ".join(f"{name} {value}" for name, value in sorted(every.items()) if value not in (None, "", [], {}, False))


def listed(names: Any) -> str:
    """Names in parentheses."""
    return f"({', '.join(map(str, names))})"


def plain(text: Any) -> str:
    """An expression without white space that makes no difference."""
    return re.sub(r"\s+", " ", str(text)).strip()


def differences(wanted: Facts, found: Facts) -> Iterator[str]:
    """In words how a database (found) is not what it should be, one line each."""
    for table in sorted(wanted.keys() | found.keys()):
        if table not in found:
            yield f"table {table} is missing"
        elif table not in wanted:
            yield f"table {table} is there, and should not be"
        else:
            mine, theirs = wanted[table], found[table]
            for thing in sorted(mine.keys() | theirs.keys()):
                if thing not in theirs:
                    yield f"{table}: {thing} is missing"
                elif thing not in mine:
                    yield f"{table}: {thing} is there, and should not be"
                elif mine[thing] != theirs[thing]:
                    yield f"{table}: {thing} is {theirs[thing]!r} instead of {mine[thing]!r}"
