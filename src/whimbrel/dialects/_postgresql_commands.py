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
    (rf"(?:CLUSTER|VACUUM FULL)(?: VERBOSE| ANALYZE| FREEZE)* ({NAME})", "rewrite", AX, "reads", "rewrite"),
    (rf"(?:CLUSTER ?\(.*?\)|VACUUM ?\([^)]*\bFULL\b[^)]*\)) ({NAME})", "rewrite", AX, "reads", "rewrite"),
    # Reads as well: the planner looks at every index of a table (manual, REINDEX).
    (rf"REINDEX (?:\(.*?\) )?TABLE (?!CONCURRENTLY)({NAME})", "reindex", SHARE, "reads", "build"),
    (rf"REINDEX (?:\(.*?\) )?TABLE CONCURRENTLY ({NAME})", "reindex", SUE, "", "build"),
    (rf"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)({NAME}) WITH NO DATA", "refresh", AX, "reads", ""),
    (rf"REFRESH MATERIALIZED VIEW (?!CONCURRENTLY)({NAME})", "refresh", AX, "reads", "rewrite"),
    (rf"REFRESH MATERIALIZED VIEW CONCURRENTLY ({NAME})", "refresh", "EXCLUSIVE", "", "rewrite"),
    (rf"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON ({NAME})", "trigger", SRX, "writes", ""),
    (rf"(?:UPDATE|DELETE FROM|MERGE INTO) (?:ONLY )?({NAME})", "rows", "ROW EXCLUSIVE", "writes", "rewrite"),
)
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


def effect_of(text: str, live: Any) -> Effect | None:
    """The effect of one statement, which stands in one line; None where it is not one of these."""
    for pattern, kind, lock, blocks, work in PLAIN:
        if found := re.match(pattern, text, re.IGNORECASE):
            return Effect(kind, name_of(found[1]), lock, blocks, work)
    for pattern, kind, lock, blocks, work in INDEXES:
        if found := re.match(pattern, text, re.IGNORECASE):
            return Effect(kind, table_of_index(found[1], live), lock, blocks, work)
    if found := LOCK.match(text):
        mode = (found[2] or AX).upper()
        first, *others = (name_of(re.sub(r"^ *ONLY |\*", "", each, flags=re.I)) for each in found[1].split(","))
        return Effect("lock", first, mode, MODES.get(mode, ""), "", tuple(others))
    if found := PARTITION.match(text):
        return of_partition(found, live)
    if found := DOMAIN.match(text):
        return of_domain(found, live)
    return None


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
    # A valid check on the columns of the key is taken for the one that spares the scan.
    rows = live.some(
        "select 1 from pg_constraint c join pg_attribute a on a.attrelid = c.conrelid and a.attnum = any(c.conkey)"
        f" join pg_partitioned_table p on p.partrelid = to_regclass({literal(found[1])})"
        " join pg_attribute k on k.attrelid = p.partrelid and k.attnum = any(p.partattrs) and k.attname = a.attname"
        f" where c.conrelid = to_regclass({literal(found[3])}) and c.contype = 'c' and c.convalidated"
    )
    return Effect("attach", name_of(found[3]), AX, "reads", "" if rows else "scan", (parent,))


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
