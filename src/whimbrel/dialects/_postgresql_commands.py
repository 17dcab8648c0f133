"""What statements of PostgreSQL lock besides ALTER TABLE and CREATE INDEX (manual: "Explicit Locking", and each one's page)."""

from __future__ import annotations

import re
from typing import Any

from ._effects import Blocks, Effect, Work

AX, SRX, SHARE, SUE = "ACCESS EXCLUSIVE", "SHARE ROW EXCLUSIVE", "SHARE", "SHARE UPDATE EXCLUSIVE"
NAME = r'(?:(?:"[^"]+"|\w+)\.)?(?:"[^"]+"|\w+)'
PLAIN: tuple[tuple[str, str, str, Blocks, Work], ...] = (
    (rf"TRUNCATE (?:TABLE )?(?:ONLY )?({NAME})", "truncate", AX, "reads", ""),
    (rf"DROP TABLE (?:IF EXISTS )?({NAME})", "drop table", AX, "reads", ""),
    (rf"(?:CREATE|ALTER|DROP) POLICY (?:IF EXISTS )?{NAME} ON ({NAME})", "alter", AX, "reads", ""),
    (rf"DROP (?:TRIGGER|RULE) (?:IF EXISTS )?{NAME} ON ({NAME})", "alter", AX, "reads", ""),
    (rf"CREATE (?:OR REPLACE )?RULE {NAME} AS ON \w+ TO ({NAME})", "alter", AX, "reads", ""),
    (rf"(?:CLUSTER|VACUUM FULL)(?: VERBOSE\b| ANALYZE\b| FREEZE\b)* ({NAME})", "rewrite", AX, "reads", "rewrite"),
    (rf"(?:CLUSTER ?\(.*?\)|VACUUM ?\([^)]*\bFULL\b(?! (?:off|false|0))[^)]*\)) ({NAME})", "rewrite", AX, "reads", "rewrite"),
    # Reads as well: the planner looks at every index of a table (manual, REINDEX).
    (rf"REINDEX (?:\(.*?\) )?TABLE (?!CONCURRENTLY)({NAME})", "reindex", SHARE, "reads", "build"),
    (rf"REINDEX (?:\(.*?\) )?TABLE CONCURRENTLY ({NAME})", "reindex", SUE, "", "build"),
    (rf"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)({NAME}) WITH NO DATA", "refresh", AX, "reads", ""),
    (rf"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)({NAME})", "refresh", AX, "reads", "rewrite"),
    (rf"REFRESH MATERIALIZED VIEW CONCURRENTLY ({NAME})", "refresh", "EXCLUSIVE", "", "rewrite"),
    (rf"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON ({NAME})", "trigger", SRX, "writes", ""),
    (rf"(?:WITH .*?[()] ?)?(?:UPDATE|DELETE FROM|MERGE INTO) (?:ONLY )?({NAME})", "rows", "ROW EXCLUSIVE", "writes", "rewrite"),
)
WHOLE: tuple[tuple[str, str, str, Blocks, Work], ...] = (
    (r"REINDEX (?:\(.*?\) )?SCHEMA (?!CONCURRENTLY)(\S+)", "reindex", SHARE, "reads", "build"),
    (r"REINDEX (?:\(.*?\) )?(?:DATABASE|SYSTEM)()\b(?! CONCURRENTLY)", "reindex", SHARE, "reads", "build"),
    (r"VACUUM FULL(?: VERBOSE\b| ANALYZE\b| FREEZE\b)*()$", "rewrite", AX, "reads", "rewrite"),
    (r"VACUUM ?\([^)]*\bFULL\b(?! (?:off|false|0))[^)]*\)()$", "rewrite", AX, "reads", "rewrite"),
)
"""Of every table, one after the other: who waits longest, waits for the largest."""
INDEXES: tuple[tuple[str, str, str, Blocks, Work], ...] = (
    (rf"DROP INDEX (?!CONCURRENTLY)(?:IF EXISTS )?({NAME})", "drop index", AX, "reads", ""),
    (rf"REINDEX (?:\(.*?\) )?INDEX (?!CONCURRENTLY)({NAME})", "reindex", SHARE, "reads", "build"),
    (rf"REINDEX (?:\(.*?\) )?INDEX CONCURRENTLY ({NAME})", "reindex", SUE, "", "build"),
)
LOCK = re.compile(
    rf"LOCK (?:TABLE )?((?:ONLY )?{NAME}(?: ?\*)?(?: ?, ?(?:ONLY )?{NAME})*)(?: IN ([A-Z ]+) MODE)?(?: NOWAIT)?$", re.I
)
MODES: dict[str, Blocks] = {AX: "reads", "EXCLUSIVE": "writes", SRX: "writes", SHARE: "writes"}
DOMAIN = re.compile(rf"ALTER DOMAIN ({NAME}) (ADD .*?CHECK|ADD .*?NOT NULL|SET NOT NULL|VALIDATE)(.*)", re.IGNORECASE)
PARTITION = re.compile(
    rf"ALTER TABLE (?:IF EXISTS )?({NAME}) "
    rf"(?:(ATTACH) PARTITION ({NAME})|DETACH PARTITION ({NAME})(?: (CONCURRENTLY|FINALIZE))?)",
    re.IGNORECASE,
)
NEW_PARTITION = re.compile(rf"CREATE TABLE (?:IF NOT EXISTS )?({NAME}) PARTITION OF ({NAME}) ", re.IGNORECASE)


def effect_of(text: str, live: Any) -> Effect | None:
    """The effect of one statement, which stands in one line; None where it is not one of these."""
    for pattern, kind, lock, blocks, work in WHOLE:
        if found := re.match(pattern, text.rstrip("; "), re.IGNORECASE):
            table = largest_table(column_of(found[1]) if found[1] else None, live)
            return Effect(kind, table, lock, blocks, work) if table else None
    for pattern, kind, lock, blocks, work in PLAIN:
        if found := re.match(pattern, text, re.IGNORECASE):
            rest = re.match(rf"(?: ?, ?(?:ONLY )?{NAME})*", text[found.end() :], re.IGNORECASE)
            named = [name_of(found[1]), *map(name_of, re.findall(rf"(?<=,)(?: ?ONLY)? ?({NAME})", rest[0] if rest else ""))]
            first, *others = sorted(named, key=lambda each: -(live.bytes_of(live.key(each)) or 0)) if work else named
            if kind in ("drop table", "truncate"):
                along = text.upper().endswith("CASCADE")
                others += [each for table in named for each in beside(table, live, kind, along) if each not in named]
                others = list(dict.fromkeys(others))
            return Effect(kind, first, lock, blocks, work, tuple(others))
    for pattern, kind, lock, blocks, work in INDEXES:
        if found := re.match(pattern, text, re.IGNORECASE):
            return Effect(kind, table_of_index(found[1], live), lock, blocks, work)
    if found := LOCK.match(text):
        mode = (found[2] or AX).upper()
        first, *others = (name_of(re.sub(r"^ *ONLY |\*", "", each, flags=re.I)) for each in found[1].split(","))
        return Effect("lock", first, mode, MODES.get(mode, ""), "", tuple(others))
    if found := PARTITION.match(text):
        return of_partition(found, live)
    if found := NEW_PARTITION.match(text):
        return of_attached(found[2], None, live)
    if found := DOMAIN.match(text):
        return of_domain(found, live)
    return None


def referenced(table: tuple[str | None, str], live: Any, key: str = "") -> list[tuple[str | None, str]]:
    """The tables that the foreign keys of a table, or the one of that name, point to: what drops a key locks both."""
    rows = live.some(
        "select distinct n.nspname, c.relname from pg_constraint k join pg_class c on c.oid = k.confrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where k.conrelid = to_regclass({literal(live.quoted(table))})"
        f" and k.contype = 'f' and {literal(key)} in ('', k.conname) and k.confrelid <> k.conrelid"
    )
    return [live.key(tuple(row)) for row in rows]


def beside(table: tuple[str | None, str], live: Any, kind: str, along: bool) -> list[tuple[str | None, str]]:
    """The tables that are locked with one that is dropped or emptied.

    Those that its keys point to, and the one that it is a partition of; with CASCADE those whose keys point to it.
    """
    found = referenced(table, live) + parents_of(table, live) if kind == "drop table" else []
    return found + (referencing(table, live) if along else [])


def parents_of(table: tuple[str | None, str], live: Any) -> list[tuple[str | None, str]]:
    """The table that one is a partition of."""
    rows = live.some(
        "select n.nspname, c.relname from pg_inherits i join pg_class c on c.oid = i.inhparent and c.relkind = 'p'"
        f" join pg_namespace n on n.oid = c.relnamespace where i.inhrelid = to_regclass({literal(live.quoted(table))})"
    )
    return [live.key(tuple(row)) for row in rows]


def referencing(table: tuple[str | None, str], live: Any, key: str = "") -> list[tuple[str | None, str]]:
    """The tables whose foreign keys point to a table, or to its constraint of that name."""
    name = literal(live.quoted(table))
    of_key = (
        f"select conindid from pg_constraint where conrelid = to_regclass({name}) and conname = {literal(key)} and contype <> 'f'"
    )
    rows = live.some(
        "select distinct n.nspname, c.relname from pg_constraint k join pg_class c on c.oid = k.conrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where k.confrelid = to_regclass({name})"
        f" and k.contype = 'f' and k.confrelid <> k.conrelid and ({literal(key)} = '' or k.conindid = ({of_key}))"
    )
    return [live.key(tuple(row)) for row in rows]


def sharing_keys(table: tuple[str | None, str], column: str, live: Any) -> list[tuple[str | None, str]]:
    """The tables at the other ends of the foreign keys of a column: they are made anew, and looked at, with another type."""
    rows = live.some(
        "select distinct n.nspname, c.relname from pg_attribute a join pg_constraint k on k.contype = 'f' and ("
        "k.conrelid = a.attrelid and a.attnum = any(k.conkey) or k.confrelid = a.attrelid and a.attnum = any(k.confkey))"
        " join pg_class c on c.oid in (k.conrelid, k.confrelid) and c.oid <> a.attrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where a.attrelid = to_regclass({literal(live.quoted(table))})"
        f" and a.attname = {literal(column)}"
    )
    return [live.key(tuple(row)) for row in rows]


def largest_table(schema: str | None, live: Any) -> tuple[str | None, str] | None:
    """The largest table of a schema, or of the database."""
    place = f"n.nspname = {literal(schema)}" if schema else "n.nspname !~ '^pg_' and n.nspname <> 'information_schema'"
    rows = live.some(
        "select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace"
        f" where c.relkind in ('r', 'm') and {place} order by pg_total_relation_size(c.oid) desc limit 1"
    )
    found: tuple[str | None, str] | None = live.key(tuple(rows[0])) if rows else None
    return found


def name_of(text: str) -> tuple[str | None, str]:
    """Schema and name."""
    plain = list(map(column_of, re.findall(r'"[^"]+"|\w+', text)))
    return (plain[-2] if len(plain) > 1 else None, plain[-1])


def column_of(text: str) -> str:
    """A name as the server keeps it: in lower case, unless it stands in quotes."""
    return text[1:-1] if text.startswith('"') else text.lower()


def literal(text: str) -> str:
    """A text as it stands in SQL."""
    return "'" + text.replace("'", "''") + "'"


def table_of_index(index: str, live: Any) -> tuple[str | None, str]:
    """The table of an index; its own name where nobody knows."""
    rows = live.some(
        "select n.nspname, c.relname from pg_index i join pg_class c on c.oid = i.indrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where i.indexrelid = to_regclass({literal(index)})"
    )
    found: tuple[str | None, str] = live.key(tuple(rows[0])) if rows else name_of(index)
    return found


def of_partition(found: re.Match[str], live: Any) -> Effect:
    """ATTACH and DETACH PARTITION."""
    parent = name_of(found[1])
    if not found[2]:
        is_online = bool(found[5])
        return Effect("detach", parent, SUE if is_online else AX, "" if is_online else "reads", "", (name_of(found[4]),))
    return of_attached(found[1], found[3], live)


def of_attached(named: str, partition: str | None, live: Any) -> Effect:
    """A partition comes: its rows are read, and those of the default one, which may belong there now; the larger is told of.

    partition: None for a new table, whose parent is locked against everybody (manual, CREATE TABLE), for a moment.
    """
    parent, table = name_of(named), name_of(partition) if partition else None
    rows = live.some(
        "select n.nspname, c.relname from pg_partitioned_table p join pg_class c on c.oid = p.partdefid"
        f" join pg_namespace n on n.oid = c.relnamespace where p.partrelid = to_regclass({literal(named)})"
    )
    default = live.key(tuple(rows[0])) if rows else None
    known = live.known_as(table) if table else None
    size = (live.bytes_of(known) or 0) if known is not None else -1
    if default is not None and (live.bytes_of(default) or 0) > size:
        return Effect("attach", default, AX, "reads", "scan", (parent, *([table] if table else [])))
    if table is None:
        return Effect("new partition", parent, AX, "reads")
    return Effect("attach", table, AX, "reads", "scan", (parent,) if default is None else (parent, default))


def of_domain(found: re.Match[str], live: Any) -> Effect | None:
    """A constraint of a domain: every table that uses it is read, the largest is told of."""
    if "NOT VALID" in found[3].upper():
        return None
    rows = live.some(
        "select n.nspname, c.relname from pg_attribute a join pg_class c on c.oid = a.attrelid"
        f" join pg_namespace n on n.oid = c.relnamespace where a.atttypid = to_regtype({literal(found[1])})"
        " and c.relkind = 'r' and not a.attisdropped group by 1, 2, c.oid order by pg_relation_size(c.oid) desc"
    )
    tables = [live.key(tuple(row)) for row in rows]
    return Effect("domain", tables[0], SHARE, "writes", "scan", tuple(tables[1:])) if tables else None
