"""What statements of PostgreSQL lock and rewrite (manual: "Explicit Locking", ALTER TABLE, CREATE INDEX)."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ._conversions import length
from ._effects import HARDER, SESSION, Blocks, Effect, Work, clauses
from ._postgresql_commands import AX, NAME, PARTITION, SHARE, SRX, SUE, column_of, name_of, referenced, referencing, sharing_keys
from ._postgresql_commands import effect_of as of_command

LOCKS = (SUE, SHARE, SRX, AX)
ALTER = re.compile(rf"ALTER TABLE (?:IF EXISTS )?(?:ONLY )?({NAME}) (.*)", re.IGNORECASE | re.DOTALL)
INDEX = re.compile(
    rf"CREATE (UNIQUE )?INDEX (CONCURRENTLY )?(?:IF NOT EXISTS ({NAME}))?[^()]*?\bON (ONLY )?({NAME})", re.IGNORECASE | re.DOTALL
)
REFERENCES = re.compile(rf"REFERENCES ({NAME})", re.IGNORECASE)
VOLATILE = re.compile(
    r"\b(random|clock_timestamp|timeofday|gen_random_uuid|uuid_generate_v\w+|uuidv[47]|nextval|statement_timestamp)\s*\(",
    re.IGNORECASE,
)
ADD_COLUMN = re.compile(r"ADD (?:COLUMN )?(?:IF NOT EXISTS )?(?!CONSTRAINT|CHECK|UNIQUE|PRIMARY|FOREIGN|EXCLUDE)", re.IGNORECASE)
TYPE = re.compile(
    rf"ALTER (?:COLUMN )?({NAME}) (?:SET DATA )?TYPE (.*?)(?: COLLATE \S+)?(?: USING (.*))?$", re.IGNORECASE | re.DOTALL
)
USING_INDEX = re.compile(rf"\bUSING INDEX ({NAME})", re.IGNORECASE)
NOT_NULL = re.compile(rf"ALTER (?:COLUMN )?({NAME}) SET NOT NULL", re.IGNORECASE)
DROP_KEY = re.compile(rf"DROP CONSTRAINT (?:IF EXISTS )?({NAME})", re.IGNORECASE)
ENFORCED = re.compile(rf"ALTER CONSTRAINT ({NAME}).*?\b(NOT )?ENFORCED\b", re.IGNORECASE)
ZONE = re.compile(r"SET (?:SESSION |LOCAL )?(?:TIME ZONE |\"?TimeZone\"? ?(?:= ?|TO ))('[^']+'|\w+)$", re.IGNORECASE)
# ALTER TABLE, "Description", where the lock of each form is said.
LIGHT = re.compile(
    rf"(ALTER (COLUMN )?{NAME} (SET STATISTICS|SET \(|RESET \()|(SET|RESET) \(|CLUSTER ON|SET WITHOUT CLUSTER)",
    re.IGNORECASE,
)


def effect_of(statement: str, live: Any) -> Effect | None:
    """The effect of one statement; None where it has none on tables."""
    text = " ".join(statement.split())
    if found := INDEX.match(text):
        lock: tuple[str, Blocks] = (SUE, "") if found[2] else (SHARE, "writes")
        return Effect("create index", name_of(found[5]), *lock, "" if is_built_already(found, live) else "build")
    if not PARTITION.match(text) and (found := ALTER.match(text)):
        table = name_of(found[1])
        return strictest([of_alter(table, clause.strip(), live) for clause in clauses(found[2])])
    if re.match(r"CREATE TABLE", text, re.IGNORECASE) and (parents := REFERENCES.findall(text)):
        return Effect("create table", name_of(parents[0]), SRX, "writes", "", tuple(map(name_of, parents[1:])))
    if found := ZONE.match(text):
        live.settings["TimeZone"] = "" if found[1].upper() in ("DEFAULT", "LOCAL") else found[1].strip("'")
        live.prove(text, Effect(SESSION, None))
        return None
    return of_command(text, live)


def is_built_already(found: re.Match[str], live: Any) -> bool:
    """Whether an index is there (IF NOT EXISTS), or is one of a partitioned table without its partitions (ON ONLY)."""
    table = name_of(found[5])
    name = live.quoted((table[0], column_of(found[3]))).replace("'", "''") if found[3] else None
    parted = live.quoted(table).replace("'", "''")
    return bool(
        (name and live.some(f"select 1 from pg_index where indexrelid = to_regclass('{name}')"))
        or (found[4] and live.connection is None)
        or (found[4] and live.some(f"select 1 from pg_class where oid = to_regclass('{parted}') and relkind = 'p'"))
    )


def strictest(found: list[Effect]) -> Effect:
    """The effect of several clauses in one statement: the hardest work of one of them, under the strictest lock of all."""
    hardest = max(found, key=lambda effect: HARDER.index(effect.work))
    lock = max(found, key=lambda effect: LOCKS.index(effect.lock))
    others = tuple(dict.fromkeys(other for effect in found for other in effect.others))
    return replace(hardest, lock=lock.lock, blocks=lock.blocks, others=others)


def of_alter(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One ALTER TABLE."""
    upper = action.upper()

    def says(kind: str, lock: str, blocks: Blocks, work: Work = "") -> Effect:
        return Effect(kind, table, lock, blocks, work)

    parents = tuple(map(name_of, REFERENCES.findall(action)))
    if upper.startswith("VALIDATE CONSTRAINT"):
        return says("validate", SUE, "", "scan")
    if ADD_COLUMN.match(action):
        return of_new_column(table, action, parents, live)
    if upper.startswith("ADD"):
        return of_constraint(table, action, parents, live)
    if found := TYPE.match(action):
        work = work_of_type(table, column_of(found[1]), found[2], found[3], live)
        return replace(says("type", AX, "reads", work), others=tuple(sharing_keys(table, column_of(found[1]), live)))
    if found := NOT_NULL.match(action):
        is_proven = proves_not_null(table, column_of(found[1]), live)
        return says("not null", AX, "reads", "" if is_proven else "scan")
    if re.match(r"SET (LOGGED|UNLOGGED|TABLESPACE|ACCESS METHOD)", upper):
        return says("rewrite", AX, "reads", "rewrite")
    if found := DROP_KEY.match(action):
        others = referenced(table, live, column_of(found[1]))
        others += referencing(table, live, column_of(found[1])) if upper.endswith("CASCADE") else []
        return replace(says("alter", AX, "reads"), others=tuple(dict.fromkeys(others)))
    if found := ENFORCED.match(action):
        effect = says("alter", AX, "reads") if found[2] else says("foreign key", AX, "reads", "scan")
        return replace(effect, others=tuple(referenced(table, live, column_of(found[1]))))
    if LIGHT.match(action):
        return says("alter", SUE, "")
    if re.match(r"(ENABLE|DISABLE) (ALWAYS |REPLICA )?TRIGGER", upper):
        return says("alter", SRX, "writes")
    return says("alter", AX, "reads")


def of_new_column(table: tuple[str | None, str], action: str, parents: tuple[tuple[str | None, str], ...], live: Any) -> Effect:
    """ADD COLUMN: most are a matter of the catalog since version 11."""
    upper = action.upper()
    if re.search(r"GENERATED ALWAYS AS \(.*\) STORED", upper):
        return Effect("generated column", table, AX, "reads", "rewrite", parents)
    if re.search(r"\b(BIG|SMALL)?SERIAL\b|AS IDENTITY", upper):
        return Effect("numbered column", table, AX, "reads", "rewrite", parents)
    default = re.search(r"\bDEFAULT (.*)", action, re.IGNORECASE)
    if has_constrained_domain(action, live):
        return Effect("domain column", table, AX, "reads", "rewrite", parents)
    if default and VOLATILE.search(default[1]):
        return Effect("volatile default", table, AX, "reads", "rewrite", parents)
    if re.search(r"\bUNIQUE\b|\bPRIMARY KEY\b", upper):
        return Effect("unique", table, AX, "reads", "build", parents)
    if re.search(r"\bCHECK\s*\(", upper):
        return Effect("check", table, AX, "reads", "scan", parents)
    if parents and default:
        return Effect("foreign key", table, AX, "reads", "scan", parents)
    return Effect("new column", table, AX, "reads", "", parents)


def has_constrained_domain(action: str, live: Any) -> bool:
    """Whether a new column has a domain with constraints: each row is checked, even where the column is null."""
    found = re.match(rf"{ADD_COLUMN.pattern}{NAME} ({NAME})", action, re.IGNORECASE)
    if found is None or live.connection is None:
        return False
    name = found[1].replace("'", "''")
    query = (
        f"select 1 from pg_type t where t.oid = to_regtype('{name}') and t.typtype = 'd'"
        " and (t.typnotnull or exists (select from pg_constraint c where c.contypid = t.oid))"
    )
    return bool(live.some(query))


def of_constraint(table: tuple[str | None, str], action: str, parents: tuple[tuple[str | None, str], ...], live: Any) -> Effect:
    """ADD CONSTRAINT."""
    upper = action.upper()
    is_later = re.search(r"\bNOT (VALID|ENFORCED)\b", re.sub(r"'[^']*'", "''", upper)) is not None
    if "FOREIGN KEY" in upper:
        return Effect("foreign key", table, SRX, "writes", "" if is_later else "scan", parents)
    if found := USING_INDEX.search(action):
        is_read = "PRIMARY KEY" in upper and not all_are_not_null(table, name_of(found[1]), live)
        return Effect("not null" if is_read else "constraint", table, AX, "reads", "scan" if is_read else "")
    if "PRIMARY KEY" in upper:
        return Effect("primary key", table, AX, "reads", "build")
    if re.search(r"\bUNIQUE\b", upper):
        return Effect("unique", table, AX, "reads", "build")
    if "EXCLUDE" in upper:
        return Effect("exclude", table, AX, "reads", "build")
    return Effect("check", table, AX, "reads", "" if is_later else "scan")


def all_are_not_null(table: tuple[str | None, str], index: tuple[str | None, str], live: Any) -> bool:
    """Whether a primary key on an index has nothing to look at. An index that the run itself makes is not known."""
    if live.connection is None:
        return False
    name = live.quoted(index).replace("'", "''")
    query = f"select attname from pg_attribute where attrelid = to_regclass('{name}')"
    columns = [row[0] for row in live.some(query)]
    return bool(columns) and all(proves_not_null(table, column, live) for column in columns)


def proves_not_null(table: tuple[str | None, str], column: str, live: Any) -> bool:
    """Whether a valid check says that the column has no nulls (since version 12), or it is NOT NULL already."""
    known = live.known_as(table)
    if live.connection is None or known is None:
        return False
    columns = live.columns_of(known) or {}
    if column in columns and not columns[column]["nullable"]:
        return True
    name = live.quoted(known).replace("'", "''")
    query = (
        f"select pg_get_expr(conbin, conrelid) from pg_constraint"
        f" where conrelid = '{name}'::regclass and contype = 'c' and convalidated"
    )
    wanted = re.compile(rf'(^|\(|\bAND \(*)"?{re.escape(column)}"? IS NOT NULL\)*( AND\b|$)')
    return any(wanted.search(row[0]) and " OR " not in row[0] for row in live.some(query))


GROWS = re.compile(r"(?:CHARACTER VARYING|VARCHAR|BIT VARYING|VARBIT)\((\d+)\)")
ANY_TEXT = ("TEXT", "CHARACTER VARYING", "VARCHAR")
SYNONYMS = {
    "INT": "INTEGER", "INT4": "INTEGER", "INT8": "BIGINT", "INT2": "SMALLINT", "BOOL": "BOOLEAN", "DECIMAL": "NUMERIC",
    "FLOAT8": "DOUBLE PRECISION", "FLOAT4": "REAL", "TIMESTAMPTZ": "TIMESTAMP WITH TIME ZONE",
    "TIMESTAMP": "TIMESTAMP WITHOUT TIME ZONE", "VARCHAR": "CHARACTER VARYING", "FLOAT": "DOUBLE PRECISION",
}  # fmt: skip


def work_of_type(table: tuple[str | None, str], column: str, new: str, using: str | None, live: Any) -> Work:
    """Whether a change of type writes the table anew: asked of the catalog, else the careful answer."""
    known = live.known_as(table)
    there = live.column_known_as(table, column)
    if known is None or there is None:
        return ""
    if live.connection is None or (using and "::" not in using):
        return "rewrite"
    name = live.quoted(known).replace("'", "''")
    query = (
        f"select upper(format_type(atttypid, atttypmod)), current_setting('TimeZone') from pg_attribute"
        f" where attrelid = '{name}'::regclass and attname = '{there.replace(chr(39), chr(39) * 2)}'"
    )
    rows = live.some(query)
    zone = live.settings.get("TimeZone") or (rows[0][1] if rows else "")
    return "" if rows and is_in_catalog_only(rows[0][0], canonical(new), zone) else "rewrite"


def canonical(type_: str) -> str:
    """The name of a type as format_type() has it, in capitals."""
    found = re.fullmatch(r"([A-Z0-9 ]+?)\s*(\(.*\))?( WITH TIME ZONE| WITHOUT TIME ZONE)?", " ".join(type_.upper().split()))
    if found is None:
        return type_.upper()
    base, size, zone = found[1], (found[2] or "").replace(" ", ""), found[3]
    if zone:
        return f"{base}{size}{zone}"
    whole = SYNONYMS.get(base, base)
    first, _, rest = whole.partition(" W")  # TIMESTAMP(3) WITH TIME ZONE
    return f"{first}{size} W{rest}" if rest and size else whole + size


def is_in_catalog_only(old: str, new: str, zone: str) -> bool:
    """Whether PostgreSQL changes one type to another without writing the table anew."""
    if old == new:
        return True
    if is_text(old) and is_text(new):
        return length(new) is None or (length(old) is not None and (length(old) or 0) <= (length(new) or 0))
    if old.startswith("NUMERIC") and new.startswith("NUMERIC"):
        return numeric_grows(old, new)
    if old.startswith("TIMESTAMP") and new.startswith("TIMESTAMP"):
        is_same_zone = ("WITHOUT" in old) == ("WITHOUT" in new)
        if is_same_zone:
            return precision(new) >= precision(old)
        # The typmod makes a coercion of its own: only a precision of six, said or not, is none.
        return zone.upper() in ("UTC", "ETC/UTC", "GMT") and precision(new) == 6 and "(" not in new
    if old.split("(")[0] == new.split("(")[0] and old.startswith(("TIME", "INTERVAL", "BIT VARYING")):
        return precision(new) >= precision(old)
    return (old, new) in {("CIDR", "INET"), ("XML", "TEXT"), ("XML", "CHARACTER VARYING")}


def is_text(type_: str) -> bool:
    """TEXT, or VARCHAR of any length."""
    return type_.split("(")[0] in ("TEXT", "CHARACTER VARYING")


def precision(type_: str) -> int:
    """The precision of a time; six where none is said."""
    found = length(type_)
    return 6 if found is None else found


def numeric_grows(old: str, new: str) -> bool:
    """NUMERIC with the same scale and more digits, or without limits."""
    sizes = [tuple(map(int, re.findall(r"\d+", each))) for each in (old, new)]
    if not sizes[1]:
        return True
    if not sizes[0]:
        return False
    (old_digits, *old_scale), (new_digits, *new_scale) = sizes
    return (old_scale or [0]) == (new_scale or [0]) and new_digits >= old_digits
