"""What statements of MySQL and MariaDB copy and lock (MariaDB manual: "InnoDB Online DDL Overview")."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ._effects import Effect, clauses

NAME = r"(?:(?:`[^`]+`|\w+)\.)?(?:`[^`]+`|\w+)"
ALTER = re.compile(rf"ALTER TABLE (?:IF EXISTS )?({NAME}) (.*)", re.IGNORECASE | re.DOTALL)
INDEX = re.compile(rf"CREATE (UNIQUE |FULLTEXT |SPATIAL )?INDEX .*? ON ({NAME})", re.IGNORECASE | re.DOTALL)
MODIFY = re.compile(rf"(?:MODIFY|CHANGE) (?:COLUMN )?({NAME}) (?:({NAME}) )?(.*)", re.IGNORECASE | re.DOTALL)
ASKED = re.compile(r",? *\b(ALGORITHM|LOCK) ?=? ?(DEFAULT|INSTANT|NOCOPY|INPLACE|COPY|NONE|SHARED|EXCLUSIVE)\b", re.IGNORECASE)
ROWS = re.compile(rf"(?:UPDATE|DELETE FROM) ({NAME})", re.IGNORECASE)


def effect_of(statement: str, live: Any) -> Effect | None:
    """The effect of one statement; None where it has none on tables."""
    text = " ".join(statement.split())
    asked = {found[1].upper(): found[2].upper() for found in ASKED.finditer(text)}
    effect = of_words(ASKED.sub("", text), live)
    return effect and as_asked(effect, asked.get("ALGORITHM", ""), asked.get("LOCK", ""))


def as_asked(effect: Effect, algorithm: str, lock: str) -> Effect:
    """The effect with the algorithm and the lock that the statement asks for itself."""
    if algorithm == "COPY":
        effect = replace(effect, kind="copy", lock="SHARED", blocks="writes", work="rewrite")
    if algorithm == "INSTANT" and effect.kind != "copy":  # else it fails at once
        effect = replace(effect, kind="alter", lock="", blocks="", work="")
    if lock in ("SHARED", "EXCLUSIVE") and effect.work:
        effect = replace(effect, kind="copy", lock=lock, blocks="writes" if lock == "SHARED" else "reads")
    return effect


def of_words(text: str, live: Any) -> Effect | None:
    """The effect of a statement that asks for no algorithm and no lock."""
    if found := INDEX.match(text):
        is_online = (found[1] or "").upper().strip() in ("", "UNIQUE")
        return Effect(
            "create index", name_of(found[2]), "NONE" if is_online else "SHARED", "" if is_online else "writes", "build"
        )
    if found := ALTER.match(text):
        table = name_of(found[1])
        each = [of_alter(table, clause.strip(), live) for clause in clauses(found[2]) if clause.strip()]
        return max(each, key=lambda effect: effect.weight, default=None)
    if found := ROWS.match(text):
        return Effect("rows", name_of(found[1]), "rows", "writes", "rewrite")
    if found := re.match(rf"(DROP|TRUNCATE) TABLE (?:IF EXISTS )?({NAME})", text, re.IGNORECASE):
        return Effect(f"{found[1].lower()} table", name_of(found[2]), "EXCLUSIVE", "reads")
    return None


def name_of(text: str) -> tuple[str | None, str]:
    """Schema and name."""
    plain = [part.strip("`") for part in re.findall(r"`[^`]+`|\w+", text)]
    return (plain[-2] if len(plain) > 1 else None, plain[-1])


COPIES = re.compile(
    r"ADD (CONSTRAINT \S+ )?(FOREIGN KEY|CHECK)|CONVERT TO|DROP PRIMARY KEY(?!, *ADD)|PARTITION BY|ENGINE\s*="
    r"|.*\bSTORED\b|.*\bPERSISTENT\b"
    r"|ADD COLUMN .*DEFAULT \(?(UUID|RAND)",
    re.IGNORECASE,
)
BUILDS = re.compile(r"ADD (CONSTRAINT \S+ )?(UNIQUE|INDEX|KEY)|ADD FULLTEXT|ADD SPATIAL", re.IGNORECASE)


def of_alter(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One ALTER TABLE. Unknown forms are taken for a copy that blocks who writes."""
    if found := MODIFY.match(action):
        return of_modify(table, found[1].strip("`"), found[3], live)
    if COPIES.match(action):
        kind = "foreign key" if "FOREIGN KEY" in action.upper() else "copy"
        return Effect(kind, table, "SHARED", "writes", "rewrite")
    if BUILDS.match(action):
        is_online = not re.search(r"FULLTEXT|SPATIAL", action, re.IGNORECASE)
        return Effect(
            "unique" if "UNIQUE" in action.upper() else "create index", table, "", "" if is_online else "writes", "build"
        )
    if re.match(r"ADD PRIMARY KEY|DROP PRIMARY KEY, *ADD", action, re.IGNORECASE):
        return Effect("primary key", table, "", "", "rewrite")
    if re.match(r"ADD COLUMN .*AUTO_INCREMENT", action, re.IGNORECASE):
        return Effect("numbered column", table, "SHARED", "writes", "rewrite")
    if re.match(r"(ADD|DROP|RENAME|ALTER|COMMENT|AUTO_INCREMENT)\b", action, re.IGNORECASE):
        return Effect("alter", table, "", "", "")
    return Effect("copy", table, "SHARED", "writes", "rewrite")


def of_modify(table: tuple[str | None, str], column: str, definition: str, live: Any) -> Effect:
    """MODIFY COLUMN: what it costs depends on what the column is now."""
    known, there = live.known_as(table), live.column_known_as(table, column)
    if known is None or there is None:
        return Effect("type", table)
    schema = f"'{known[0]}'" if known[0] else "database()"
    rows = live.some(
        "select upper(column_type), is_nullable, upper(coalesce(character_set_name, '')) from information_schema.columns"
        f" where table_schema = {schema} and table_name = '{known[1]}' and column_name = '{there}'"
    )
    new = type_in(definition)
    if not rows or not new:
        return Effect("type", table, "SHARED", "writes", "rewrite")
    old, nullable, charset = rows[0]
    if is_same(old, new):
        becomes_null = "NOT NULL" not in definition.upper()
        is_same_nullable = (nullable == "YES") == becomes_null
        return Effect("alter", table) if is_same_nullable else Effect("not null", table, "NONE", "", "rewrite")
    if is_instant(old, new, charset):
        return Effect("type", table)
    return Effect("type", table, "SHARED", "writes", "rewrite")


def type_in(definition: str) -> str:
    """The type at the beginning of a definition, in capitals."""
    found = re.match(r"\w+(?:\s*\((?:[^()']|'[^']*')*\))?(?:\s+UNSIGNED)?", definition.strip(), re.IGNORECASE)
    return re.sub(r"\s*([(),])\s*", r"\1", found[0]).upper() if found else ""


def is_same(old: str, new: str) -> bool:
    """Whether two types are the same; widths of integers are for display only."""
    synonyms = {"INTEGER": "INT", "NUMERIC": "DECIMAL", "BOOL": "TINYINT", "BOOLEAN": "TINYINT"}

    def plain(text: str) -> str:
        base, bracket, rest = text.partition("(")
        base = synonyms.get(base, base)
        is_integer = base in ("INT", "BIGINT", "SMALLINT", "TINYINT", "MEDIUMINT")
        return base + (re.sub(r"^\d+\)", "", rest) if is_integer else bracket + rest)

    return plain(old) == plain(new)


def is_instant(old: str, new: str, charset: str) -> bool:
    """Whether a change of type is a matter of the catalog: longer texts on the same side of 255 bytes, values at the end."""
    sizes = [re.fullmatch(r"VARCHAR\((\d+)\)", each) for each in (old, new)]
    if sizes[0] and sizes[1]:
        before, after = int(sizes[0][1]), int(sizes[1][1])
        width = {"UTF8MB4": 4, "UTF8MB3": 3, "UTF8": 3}.get(charset, 1)
        return after >= before and (before * width > 255) == (after * width > 255)
    if old.startswith("ENUM(") and new.startswith("ENUM("):
        return new.startswith(old[:-1])
    return False
