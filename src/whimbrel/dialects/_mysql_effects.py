"""What statements of MySQL and MariaDB copy and lock (MariaDB manual: "InnoDB Online DDL Overview")."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from ._effects import WORSE, Blocks, Effect, clauses
from ._mysql_modify import of_modify
from ._mysql_tables import engine_in, there
from ._mysql_text import plainly

NAME = r"(?:(?:`[^`]+`|\w+)\.)?(?:`[^`]+`|\w+)"
ALTER = re.compile(rf"ALTER (?:ONLINE )?(?:IGNORE )?TABLE (?:IF EXISTS )?({NAME}) (.*)", re.IGNORECASE | re.DOTALL)
INDEX = re.compile(rf"CREATE (?:OR REPLACE )?(UNIQUE |FULLTEXT |SPATIAL )?INDEX .*? ON ({NAME})", re.IGNORECASE | re.DOTALL)
DROP_INDEX = re.compile(rf"DROP INDEX (?:IF EXISTS )?{NAME} ON ({NAME})", re.IGNORECASE)
MODIFY = re.compile(
    rf"(?:MODIFY (?:COLUMN )?(?:IF EXISTS )?({NAME})|CHANGE (?:COLUMN )?(?:IF EXISTS )?({NAME}) {NAME}) (.*)",
    re.IGNORECASE | re.DOTALL,
)
ROWS = re.compile(rf"(?:UPDATE|DELETE FROM) ({NAME})", re.IGNORECASE)
OPTIMIZE = re.compile(rf"OPTIMIZE (?:NO_WRITE_TO_BINLOG |LOCAL )?TABLE ({NAME})", re.IGNORECASE)
CHECKS = re.compile(r" *(?:SESSION |@@(?:SESSION\.)?)?FOREIGN_KEY_CHECKS *:?= *(@?\w+)", re.IGNORECASE)
READS = re.compile(r"(?:CREATE (?:OR REPLACE )?(?:TEMPORARY )?TABLE|INSERT|REPLACE)\b.*?\bSELECT\b(.*)", re.IGNORECASE)
SOURCE = re.compile(rf"\b(?:FROM|JOIN) ({NAME})", re.IGNORECASE)
LOCK = re.compile(r"LOCK TABLES? (.*)", re.IGNORECASE)
LOCKED = re.compile(
    rf"\s*({NAME})(?: (?:AS )?(?!READ|WRITE|LOW|CONCURRENT){NAME})? (READ|WRITE|LOW_PRIORITY WRITE|WRITE CONCURRENT)", re.I
)
# How an ALTER TABLE or CREATE INDEX shall be done ("ALGORITHM", "LOCK" in the manual's page of ALTER TABLE).
TERM = r"(ALGORITHM|LOCK)\s*=?\s*(DEFAULT|INSTANT|NOCOPY|INPLACE|COPY|NONE|SHARED|EXCLUSIVE)"
TERMS = re.compile(rf"(?<![,\s])\s+{TERM}\s*,\s*|(?:\s*,\s*|\s+){TERM}(?![^,\s])", re.IGNORECASE)
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
        table = name_of(found[2])
        is_online = (found[1] or "").upper().strip() in ("", "UNIQUE")
        effect = Effect("create index", table, "NONE" if is_online else "SHARED", "" if is_online else "writes", "build")
        return as_the_engine_does(effect, [], live)
    if found := DROP_INDEX.match(text):
        return of_alter(name_of(found[1]), "DROP INDEX", live)
    if found := ALTER.match(text):
        return of_alter(name_of(found[1]), found[2], live)
    if found := ROWS.match(text):
        return Effect("rows", name_of(found[1]), "rows", "writes", "rewrite")
    if found := OPTIMIZE.match(text):
        table = name_of(found[1])  # InnoDB makes it anew as ALTER TABLE … FORCE does, others let nobody read it meanwhile
        return Effect("rewrite", table, *(("NONE", "") if there(table, live).is_online else ("EXCLUSIVE", "reads")), "rewrite")
    if text[:4].upper() == "SET ":
        follow_checks(text[4:], live)
    if READS.match(text):
        return of_reads(text, live)
    if found := LOCK.match(text):
        return of_lock(found[1])
    if found := re.match(rf"(DROP(?= TABLE)|TRUNCATE) (?:TABLE )?(?:IF EXISTS )?({NAME})", text, re.IGNORECASE):
        return Effect(f"{found[1].lower()} table", name_of(found[2]), "EXCLUSIVE", "reads")
    return None


def follow_checks(settings: str, live: Any) -> None:
    """SET: whether foreign keys are checked from now on; a variable has what was before."""
    for found in filter(None, map(CHECKS.match, clauses(settings))):
        if found[1].startswith("@"):
            live.settings.pop("foreign_key_checks", None)
        else:
            live.settings["foreign_key_checks"] = found[1].upper() in ("1", "ON", "TRUE", "DEFAULT")


def of_reads(text: str, live: Any) -> Effect | None:
    """INSERT and CREATE TABLE … SELECT: what is read is locked until the end, if no later changes may be seen in between
    ("InnoDB Lock Modes", MariaDB manual). The largest table is told of.
    """
    found = READS.match(re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", text))
    named = [name_of(each) for each in SOURCE.findall(found[1])] if found else []
    sizes = {each: live.bytes_of(known) or 0 for each in named if (known := live.known_as(each)) is not None}
    is_unknown = live.connection is None
    tables = sorted((each for each in sizes if sizes[each] or is_unknown), key=lambda each: -sizes[each])
    level = live.some("show session variables where variable_name in ('tx_isolation', 'transaction_isolation')")
    if not tables or any("COMMITTED" in str(row[1]) for row in level):
        return None
    return Effect("rows", tables[0], "rows", "writes", "scan", tuple(tables[1:]))


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
    r"ADD (CONSTRAINT \S+ )?CHECK|CONVERT TO|DROP PRIMARY KEY(?!, *ADD)|PARTITION BY"
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
SEVERAL = re.compile(r"ADD (?:COLUMN )?\((.*)\)", re.IGNORECASE | re.DOTALL)
DROPS = re.compile(r"DROP (INDEX|KEY)\b", re.IGNORECASE)
NUMBERED = re.compile(r"(DROP PRIMARY KEY, *)?ADD .*\bAUTO_INCREMENT\b(?! *=)", re.IGNORECASE)
BUILDS = re.compile(r"ADD (CONSTRAINT (\S+ )?)?(UNIQUE|INDEX|KEY)\b|ADD FULLTEXT|ADD SPATIAL", re.IGNORECASE)


def of_alter(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One ALTER TABLE: as its worst clause. A new column is done at once only where it is alone."""
    parts = [each.strip() for each in clauses(action)]
    if found := SEVERAL.fullmatch(action):
        parts = [f"ADD {each.strip()}" for each in clauses(found[1])]
    if len(parts) == 1 or re.match(r"DROP PRIMARY KEY, *ADD", action, re.IGNORECASE):
        return as_the_engine_does(of_clause(table, action, live), [action], live)
    effects = [of_clause(table, each, live) for each in parts]
    hardest = max(effects, key=lambda effect: effect.weight)
    has_column = any(map(is_of_column, parts))
    hardest = replace(hardest, work="rewrite") if hardest.work == "build" and has_column else hardest
    return as_the_engine_does(hardest, parts, live)


def as_the_engine_does(effect: Effect, parts: list[str], live: Any) -> Effect:
    """The effect on a table that may be none of InnoDB: others copy it, but for what is only noted."""
    changes_rows = any(is_of_column(each) or DROPS.match(each) for each in parts) or effect.kind == "type"
    if effect.table is None or not (effect.work or changes_rows) or there(effect.table, live).is_online:
        return effect
    return replace(effect, kind="copy", lock="SHARED", blocks=worse("writes", effect.blocks), work="rewrite")


def is_of_column(action: str) -> bool:
    """Whether a clause adds or drops a column."""
    others = "INDEX|KEY|UNIQUE|CONSTRAINT|FULLTEXT|SPATIAL|CHECK|FOREIGN|PRIMARY|SYSTEM|PARTITION|PERIOD"
    return re.match(rf"(ADD|DROP) (?!(?:{others})\b)", action, re.IGNORECASE) is not None


def stands_in_the_way(table: tuple[str | None, str], action: str, live: Any) -> bool:
    """Whether a column cannot be added or dropped at once: for a full text index, or for a computed column before it."""
    has = there(table, live).has
    is_inside = re.search(r"\b(FIRST|AFTER)\b", action, re.IGNORECASE) is not None and action[:3].upper() == "ADD"
    return "FULLTEXT" in has or ("VIRTUAL" in has and is_inside)


def of_clause(table: tuple[str | None, str], action: str, live: Any) -> Effect:
    """One clause. Unknown ones are taken for a copy that blocks who writes."""
    if found := MODIFY.match(action):
        return of_modify(table, (found[1] or found[2]).strip("`"), found[3], live)
    if is_key(action, live):
        if is_checked(live):
            return Effect("foreign key", table, "SHARED", "writes", "rewrite")
        return Effect("foreign key", table, "NONE", "", "build")
    if engine := engine_in(action):
        is_same = engine == "INNODB" and there(table, live).is_online
        return (
            Effect("rewrite", table, "NONE", "", "rewrite") if is_same else Effect("copy", table, "SHARED", "writes", "rewrite")
        )
    if NUMBERED.match(action):
        return Effect("numbered column", table, "SHARED", "writes", "rewrite")
    if COPIES.match(action):
        return Effect("copy", table, "SHARED", "writes", "rewrite")
    if BUILDS.match(action):
        is_online = not re.search(r"FULLTEXT|SPATIAL", action, re.IGNORECASE)
        return Effect(
            "unique" if "UNIQUE" in action.upper() else "create index", table, "", "" if is_online else "writes", "build"
        )
    if re.match(r"ADD (CONSTRAINT (\S+ )?)?PRIMARY KEY|DROP PRIMARY KEY, *ADD", action, re.IGNORECASE):
        return Effect("primary key", table, "", "", "rewrite")
    if REBUILDS.match(action):
        return Effect("rewrite", table, "NONE", "", "rewrite")
    if is_of_column(action) and stands_in_the_way(table, action, live):
        return Effect("copy", table, "SHARED", "writes", "rewrite")
    if is_of_column(action) and there(table, live).row_format == "COMPRESSED":
        return Effect("rewrite", table, "NONE", "", "rewrite")
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
