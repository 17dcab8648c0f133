"""What statements of MySQL and MariaDB copy and lock (MariaDB manual: "InnoDB Online DDL Overview")."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ._conversions import MEMBER
from ._effects import WORSE, Blocks, Effect, clauses
from ._mysql_conversions import charset_in
from ._mysql_text import plainly

NAME = r"(?:(?:`[^`]+`|\w+)\.)?(?:`[^`]+`|\w+)"
ALTER = re.compile(rf"ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?({NAME}) (.*)", re.IGNORECASE | re.DOTALL)
INDEX = re.compile(rf"CREATE (?:OR REPLACE )?(UNIQUE |FULLTEXT |SPATIAL )?INDEX .*? ON ({NAME})", re.IGNORECASE | re.DOTALL)
MODIFY = re.compile(
    rf"(?:MODIFY (?:COLUMN )?(?:IF EXISTS )?({NAME})|CHANGE (?:COLUMN )?(?:IF EXISTS )?({NAME}) {NAME}) (.*)",
    re.IGNORECASE | re.DOTALL,
)
ROWS = re.compile(rf"(?:UPDATE|DELETE FROM) ({NAME})", re.IGNORECASE)
OPTIMIZE = re.compile(rf"OPTIMIZE (?:NO_WRITE_TO_BINLOG |LOCAL )?TABLE ({NAME})", re.IGNORECASE)
CHECKS = re.compile(r"SET (?:SESSION |@@(?:SESSION\.)?)?FOREIGN_KEY_CHECKS *:?= *(\w+)", re.IGNORECASE)
LOCK = re.compile(r"LOCK TABLES? (.*)", re.IGNORECASE)
LOCKED = re.compile(
    rf"\s*({NAME})(?: (?:AS )?(?!READ|WRITE|LOW|CONCURRENT){NAME})? (READ|WRITE|LOW_PRIORITY WRITE|WRITE CONCURRENT)", re.I
)
# How an ALTER TABLE or CREATE INDEX shall be done ("ALGORITHM", "LOCK" in the manual's page of ALTER TABLE).
TERM = r"(ALGORITHM|LOCK)\s*=?\s*(DEFAULT|INSTANT|NOCOPY|INPLACE|COPY|NONE|SHARED|EXCLUSIVE)"
TERMS = re.compile(rf"(?<![,\s])\s+{TERM}\s*,\s*|(?:\s*,\s*|\s+){TERM}(?![^,\s])", re.IGNORECASE)
NARROW = (("UTF8MB3", "UTF8MB4"), ("UTF8", "UTF8MB4"))
"""Character sets whose texts stand in another one as they are."""
STATED: dict[str, Blocks] = {"SHARED": "writes", "EXCLUSIVE": "reads"}


def effect_of(statement: str, live: Any) -> Effect | None:
    """The effect of one statement; None where it has none on tables."""
    text, terms = without_terms(" ".join(plainly(statement).split()))
    found = of_statement(text, live)
    return None if found is None else as_stated(found, terms)


def without_terms(statement: str) -> tuple[str, dict[str, str]]:
    """A statement without what it says of how it shall be done, and that."""
    if not re.match(r"\s*(ALTER|CREATE|DROP)\b", statement, re.IGNORECASE):
        return statement, {}
    found: dict[str, str] = dict([part.upper() for part in each if part] for each in TERMS.findall(statement))
    if re.match(r"\s*ALTER\s+ONLINE\b", statement, re.IGNORECASE):
        found.setdefault("LOCK", "NONE")
    return (TERMS.sub(" ", statement).strip(), found) if found else (statement, {})


def as_stated(effect: Effect, terms: dict[str, str]) -> Effect:
    """The effect where a statement asks for a worse way than there is; where it asks for a better one, it is refused at once."""
    algorithm = terms.get("ALGORITHM")
    is_refused = (
        (terms.get("LOCK") == "NONE" and effect.blocks)
        or (algorithm == "INSTANT" and effect.work)
        or (algorithm == "NOCOPY" and effect.work == "rewrite")
    )
    if is_refused and effect.is_proven:
        return replace(effect, kind="refused", blocks="", work="")
    if algorithm == "COPY":
        effect = replace(effect, kind="copy", lock="SHARED", blocks=worse("writes", effect.blocks), work="rewrite")
    lock = terms.get("LOCK", "")
    blocks = worse(STATED.get(lock, ""), effect.blocks)
    return replace(effect, lock=lock, blocks=blocks) if blocks != effect.blocks else effect


def worse(one: Blocks, other: Blocks) -> Blocks:
    """What blocks more."""
    return max(one, other, key=WORSE.index)


def of_statement(text: str, live: Any) -> Effect | None:
    """The same without such words."""
    if found := INDEX.match(text):
        is_online = (found[1] or "").upper().strip() in ("", "UNIQUE")
        return Effect(
            "create index", name_of(found[2]), "NONE" if is_online else "SHARED", "" if is_online else "writes", "build"
        )
    if found := ALTER.match(text):
        return of_alter(name_of(found[1]), found[2], live)
    if found := ROWS.match(text):
        return Effect("rows", name_of(found[1]), "rows", "writes", "rewrite")
    if found := OPTIMIZE.match(text):
        return Effect("rewrite", name_of(found[1]), "NONE", "", "rewrite")  # InnoDB makes it anew as ALTER TABLE … FORCE does
    if found := CHECKS.match(text):
        live.settings["foreign_key_checks"] = found[1].upper() in ("1", "ON", "TRUE", "DEFAULT")
    if found := LOCK.match(text):
        return of_lock(found[1])
    if found := re.match(rf"(DROP(?= TABLE)|TRUNCATE) (?:TABLE )?(?:IF EXISTS )?({NAME})", text, re.IGNORECASE):
        return Effect(f"{found[1].lower()} table", name_of(found[2]), "EXCLUSIVE", "reads")
    return None


def of_lock(listed: str) -> Effect | None:
    """LOCK TABLES: the worst lock is told of."""
    found = [(name_of(each[1]), "WRITE" in each[2].upper()) for each in map(LOCKED.match, listed.split(",")) if each]
    found.sort(key=lambda each: not each[1])
    if not found:
        return None
    (table, writes), others = found[0], tuple(each for each, _ in found[1:])
    return Effect("lock", table, "WRITE" if writes else "READ", "reads" if writes else "writes", "", others)


def name_of(text: str) -> tuple[str | None, str]:
    """Schema and name."""
    plain = [part.strip("`") for part in re.findall(r"`[^`]+`|\w+", text)]
    return (plain[-2] if len(plain) > 1 else None, plain[-1])


COPIES = re.compile(
    r"ADD (CONSTRAINT \S+ )?CHECK|CONVERT TO|DROP PRIMARY KEY(?!, *ADD)|PARTITION BY|ENGINE\s*="
    r"|.*\bSTORED\b|.*\bPERSISTENT\b|(ADD|DROP) SYSTEM VERSIONING"
    r"|ADD (COLUMN )?.*DEFAULT \(?(UUID|RAND)",
    re.IGNORECASE,
)
# "Online DDL Operations" of both manuals: what is only noted in the catalog, and what makes the table anew beside its use.
NOTED = re.compile(
    r"(ADD|DROP|RENAME|ALTER|COMMENT|AUTO_INCREMENT|(DEFAULT )?(CHARACTER SET|CHARSET|COLLATE)|STATS_\w+|(DIS|EN)ABLE KEYS)\b",
    re.IGNORECASE,
)
REBUILDS = re.compile(
    r"(FORCE|ROW_FORMAT|KEY_BLOCK_SIZE|PAGE_COMPRESSED|ENCRYPTED)\b|ADD .*\b(UNIQUE|PRIMARY KEY)\b", re.IGNORECASE
)
BUILDS = re.compile(r"ADD (CONSTRAINT (\S+ )?)?(UNIQUE|INDEX|KEY)\b|ADD FULLTEXT|ADD SPATIAL", re.IGNORECASE)


def of_alter(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One ALTER TABLE: as its worst clause. A new column is done at once only where it is alone."""
    parts = [each.strip() for each in clauses(action)]
    if len(parts) == 1 or re.match(r"DROP PRIMARY KEY, *ADD", action, re.IGNORECASE):
        return of_clause(table, action, live)
    found = [of_clause(table, each, live) for each in parts]
    hardest = max(found, key=lambda effect: effect.weight)
    has_column = any(map(is_of_column, parts))
    return replace(hardest, work="rewrite") if hardest.work == "build" and has_column else hardest


def is_of_column(action: str) -> bool:
    """Whether a clause adds or drops a column."""
    others = "INDEX|KEY|UNIQUE|CONSTRAINT|FULLTEXT|SPATIAL|CHECK|FOREIGN|PRIMARY|SYSTEM|PARTITION|PERIOD"
    return re.match(rf"(ADD|DROP) (?!(?:{others})\b)", action, re.IGNORECASE) is not None


def stands_in_the_way(table: tuple[str | None, str], action: str, live: Any) -> bool:
    """Whether a column cannot be added or dropped at once: for a full text index, or for a computed column before it."""
    there = peculiar(table, live)
    is_inside = re.search(r"\b(FIRST|AFTER)\b", action, re.IGNORECASE) is not None and action[:3].upper() == "ADD"
    return "FULLTEXT" in there or ("VIRTUAL" in there and is_inside)


def peculiar(table: tuple[str | None, str], live: Any) -> set[str]:
    """What a table has of FULLTEXT, VIRTUAL and STORED."""
    known = live.known_as(table)
    if known is None:
        return set()
    schema = f"'{known[0]}'" if known[0] else "database()"
    of_table = f"where table_schema = {schema} and table_name = '{known[1]}'"
    rows = live.some(
        f"select index_type from information_schema.statistics {of_table}"
        f" union select substring_index(upper(extra), ' ', 1) from information_schema.columns {of_table}"
    )
    return {str(row[0]) for row in rows}


def of_clause(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One clause. Unknown ones are taken for a copy that blocks who writes."""
    if found := MODIFY.match(action):
        return of_modify(table, (found[1] or found[2]).strip("`"), found[3], live)
    if is_key(action, live):
        if is_checked(live):
            return Effect("foreign key", table, "SHARED", "writes", "rewrite")
        return Effect("foreign key", table, "NONE", "", "build")
    if COPIES.match(action):
        return Effect("copy", table, "SHARED", "writes", "rewrite")
    if BUILDS.match(action):
        is_online = not re.search(r"FULLTEXT|SPATIAL", action, re.IGNORECASE)
        return Effect(
            "unique" if "UNIQUE" in action.upper() else "create index", table, "", "" if is_online else "writes", "build"
        )
    if re.match(r"ADD (CONSTRAINT (\S+ )?)?PRIMARY KEY|DROP PRIMARY KEY, *ADD", action, re.IGNORECASE):
        return Effect("primary key", table, "", "", "rewrite")
    if re.match(r"ADD .*AUTO_INCREMENT", action, re.IGNORECASE):
        return Effect("numbered column", table, "SHARED", "writes", "rewrite")
    if REBUILDS.match(action):
        return Effect("rewrite", table, "NONE", "", "rewrite")
    if is_of_column(action) and stands_in_the_way(table, action, live):
        return Effect("copy", table, "SHARED", "writes", "rewrite")
    if NOTED.match(action):
        return Effect("alter", table, "", "", "")
    return Effect("copy", table, "SHARED", "writes", "rewrite")


def is_key(action: str, live: Any) -> bool:
    """Whether a clause adds a foreign key."""
    inline = re.match(r"ADD .*\bREFERENCES\b", action, re.IGNORECASE) and not live.dialect.ignores_references(live)
    return re.match(r"ADD (CONSTRAINT \S+ )?FOREIGN KEY", action, re.IGNORECASE) is not None or bool(inline)


def is_checked(live: Any) -> bool:
    """Whether the rows are looked at when a foreign key is added, as the run sets it, or as the session has it."""
    if "foreign_key_checks" not in live.settings:
        live.settings["foreign_key_checks"] = live.some("select @@session.foreign_key_checks") != [(0,)]
    return bool(live.settings["foreign_key_checks"])


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
    if (known, there) in live.said:
        type_, may_be_null = live.said[known, there]
        rows = [(type_in(type_), {True: "YES", False: "NO"}.get(may_be_null), "UTF8MB4")]
    new = type_in(definition)
    if not rows or not new:
        return Effect("type", table, "SHARED", "writes", "rewrite")
    old, nullable, charset = rows[0]
    if (wanted := charset_in(definition)) and charset and (charset, wanted.upper()) not in (*NARROW, (charset, charset)):
        return Effect("type", table, "SHARED", "writes", "rewrite")
    if is_same(old, new):
        becomes_null = "NOT NULL" not in definition.upper()
        is_same_nullable = (nullable == "YES") == becomes_null
        if not is_same_nullable and "STORED" in peculiar(table, live):
            return Effect("copy", table, "SHARED", "writes", "rewrite")
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
    if re.match(r"(ENUM|SET)\(", old) and new.startswith(old[:-1]):
        few, many = (len(MEMBER.findall(each)) for each in (old, new))
        return few > 255 or many <= 255 if old[0] == "E" else (few - 1) // 8 == (many - 1) // 8
    return False
