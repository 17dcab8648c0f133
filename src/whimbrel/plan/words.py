"""ALTER TABLE and a few statements more by their words, where the parser does not know what one database has of its own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from copy import copy
from typing import Any

from alembic.operations import ops
from sqlalchemy import JSON, Column, Computed, ForeignKey
from sqlalchemy import text as sa_text

from ..dialects import clauses, plainly
from .step import Changed, DropNamespace, Rows, Written

NAME = r'(?:[\w$]+|"[^"]+"|`[^`]+`|\[[^\]]+\])'
ALTERING = re.compile(
    rf"\s*ALTER\s+(?:ONLINE\s+)?(?P<ignore>IGNORE\s+)?TABLE\s+(IF\s+EXISTS\s+)?(ONLY\s+)?((?P<schema>{NAME})\.)?(?P<name>{NAME})",
    re.IGNORECASE,
)
NO_COLUMN = (
    r"(?!(?:CONSTRAINT|INDEX|KEY|FOREIGN|PRIMARY|UNIQUE|CHECK|FULLTEXT|SPATIAL|DEFAULT|NOT|EXPRESSION|IDENTITY|PARTITION|PERIOD"
    r"|COLUMN|IF|SYSTEM)\b)"
)
DROP = re.compile(rf"\s*DROP\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?{NO_COLUMN}({NAME})", re.IGNORECASE)
CHANGE = re.compile(rf"\s*CHANGE\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?({NAME})\s+({NAME})\s+(.*)", re.IGNORECASE | re.DOTALL)
MODIFY = re.compile(rf"\s*MODIFY\s+(?:COLUMN\s+)?(?:IF\s+EXISTS\s+)?({NAME})\s+(.*)", re.IGNORECASE | re.DOTALL)
ADD = re.compile(
    rf"\s*ADD\s+(?:COLUMN\s+)?(?P<unless>IF\s+NOT\s+EXISTS\s+)?{NO_COLUMN}(?!EXCLUDE\b)(?P<name>{NAME})\s+(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
SEVERAL = re.compile(r"\s*ADD\s+(?:COLUMN\s+)?(?:IF\s+NOT\s+EXISTS\s+)?\((.*)\)\s*$", re.IGNORECASE | re.DOTALL)
PARTITION = re.compile(r"\s*((DROP|TRUNCATE)\s+PARTITION|DISCARD\s+(PARTITION\s.*)?TABLESPACE)\b", re.IGNORECASE)
PARTITIONS = re.compile(
    rf"\s*(?:DROP|TRUNCATE)\s+PARTITION\s+(?:IF\s+EXISTS\s+)?(?!ALL\b)({NAME}(?:\s*,\s*{NAME})*)", re.IGNORECASE
)
UNVERSIONED = re.compile(r"\s*DROP\s+SYSTEM\s+VERSIONING\b", re.IGNORECASE)
REPLACE = re.compile(
    rf"\s*(?:REPLACE(?:\s+INTO)?|INSERT\s+OR\s+REPLACE\s+INTO)\s+(?:(?P<schema>{NAME})\.)?(?P<name>{NAME})\s*"
    rf"(?:\((?P<columns>{NAME}(?:\s*,\s*{NAME})*)\)\s*(?=VALUES?\b|SELECT\b|WITH\b|\()|SET\s+(?P<values>.*))?",
    re.IGNORECASE | re.DOTALL,
)
ROWS = re.compile(r"\s*VALUES?\b\s*(\(.*\))\s*;?\s*$", re.IGNORECASE | re.DOTALL)
HISTORY = re.compile(
    rf"\s*DELETE\s+HISTORY\s+FROM\s+(?:(?P<schema>{NAME})\.)?(?P<name>{NAME})\s*(?P<before>BEFORE\b)?", re.IGNORECASE
)
NAMED = rf"\s*ADD\s+(?:CONSTRAINT\s+(?P<name>{NAME})?\s*)?"
KEY = re.compile(
    NAMED + rf"FOREIGN\s+KEY\s*(?:{NAME}\s*)?\((?P<local>[^()]*)\)\s*REFERENCES\s+((?P<schema>{NAME})\.)?(?P<table>{NAME})"
    r"(?:\s*\((?P<remote>[^()]*)\))?(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
CHECK = re.compile(NAMED + r"CHECK\s*(?P<condition>\(.*\))(?P<rest>[^()]*)$", re.IGNORECASE | re.DOTALL)
NOT_NULL = re.compile(NAMED + rf"NOT\s+NULL\s+(?P<column>{NAME})(?P<rest>[^()]*)$", re.IGNORECASE)
REST = r"(?:[^()]*\([^()]*\))?[^()]*$"  # INCLUDE (…), DEFERRABLE and the like
PRIMARY = re.compile(NAMED + rf"PRIMARY\s+KEY\s*\((?P<columns>[^()]*)\){REST}", re.IGNORECASE | re.DOTALL)
UNIQUE = re.compile(
    NAMED + r"UNIQUE\s+(?:INDEX\s+|KEY\s+)?(?:IF\s+NOT\s+EXISTS\s+)?(?:NULLS\s+(?:(?P<same>NOT)\s+)?DISTINCT\s*)?"
    rf"(?P<index>{NAME})?\s*\((?P<columns>[^()]*)\){REST}",
    re.IGNORECASE | re.DOTALL,
)
ADD_INDEX = re.compile(rf"\s*ADD\s+(?:INDEX|KEY)\s+(?P<name>{NAME})?\s*\((?P<columns>{NAME}(?:\s*,\s*{NAME})*)\)\s*$", re.I)
CONVERT = re.compile(r"\s*CONVERT\s+TO\s+(?:CHARACTER\s+SET|CHARSET)\s+'?(?!DEFAULT\b)(\w+)", re.IGNORECASE)
REFERENCES = re.compile(
    rf"\bREFERENCES\s+(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})\s*\(\s*(?P<column>{NAME})\s*\)(?P<rest>.*)",
    re.IGNORECASE | re.DOTALL,
)
# A type ends where one of these begins.
TYPE = re.compile(
    r"(.*?)((?:\s+(?:CHARACTER\s+SET|CHARSET|COLLATE)\s+\S+)*)"
    r"(?:\s+(?:NOT|NULL|DEFAULT|AUTO_INCREMENT|COMMENT|CHARACTER|CHARSET|COLLATE|FIRST|AFTER|PRIMARY|UNIQUE|KEY|CHECK|AS"
    r"|GENERATED|REFERENCES|CONSTRAINT|ON|INVISIBLE|VISIBLE)\b.*)?$",
    re.IGNORECASE | re.DOTALL,
)
RETYPE = re.compile(
    rf"\s*ALTER\s+(?:COLUMN\s+)?(?P<name>{NAME})\s+(?:SET\s+DATA\s+)?TYPE\s+(?P<type>.*?)(?:\s+COLLATE\s+\S+)?"
    r"(?:\s+USING\s+(?P<using>.*))?\s*$",
    re.IGNORECASE | re.DOTALL,
)
RENAME = re.compile(
    rf"\s*RENAME\s+(?:COLUMN\s+)?{NO_COLUMN}(?!TO\b|AS\b)(?P<old>{NAME})\s+TO\s+(?P<new>{NAME})\s*$", re.IGNORECASE
)
RENAMED = re.compile(rf"\s*RENAME\s+(?:(?:TO|AS)\s+|=\s*)(?:{NAME}\.)?({NAME})\s*$", re.IGNORECASE)
DROP_KEY = re.compile(rf"\s*DROP\s+(?:FOREIGN\s+KEY|CHECK)\s+(?:IF\s+EXISTS\s+)?({NAME})\s*$", re.IGNORECASE)
DROP_INDEX = re.compile(rf"\s*DROP\s+(?:INDEX|KEY)\s+(?:IF\s+EXISTS\s+)?({NAME})\s*$", re.IGNORECASE)
DROP_PRIMARY = re.compile(r"\s*DROP\s+PRIMARY\s+KEY\s*$", re.IGNORECASE)
RENAMES = re.compile(r"\s*RENAME\s+TABLES?\s+(?:IF\s+EXISTS\s+)?(.*)", re.IGNORECASE | re.DOTALL)
ONE_RENAME = re.compile(rf"\s*((?P<schema>{NAME})\.)?(?P<old>{NAME})\s+TO\s+(?:{NAME}\.)?(?P<new>{NAME})\s*$", re.IGNORECASE)
BLOCK = re.compile(r"\s*DO\s+(?:LANGUAGE\s+\w+\s+)?(?:\$(\w*)\$(.*)\$\1\$|'((?:[^']|'')*)')", re.IGNORECASE | re.DOTALL)
HOLDS = re.compile(r"\s*(BEGIN\s+NOT\s+ATOMIC|PREPARE|EXECUTE\s+IMMEDIATE|SET)\b", re.IGNORECASE)
NAMED_TWICE = rf"(?:{NAME}\.)?{NAME}"
DROPS = re.compile(
    rf"\s*DROP\s+(?P<kind>SCHEMA|TYPE|DOMAIN|EXTENSION|INDEX)\s+(?:IF\s+EXISTS\s+)?"
    rf"(?P<names>{NAMED_TWICE}(?:\s*,\s*{NAMED_TWICE})*)\s*(?P<cascade>CASCADE)?(?:RESTRICT)?\s*;?\s*$",
    re.IGNORECASE,
)
OWNED = re.compile(rf"\s*DROP\s+OWNED\s+BY\s+(?P<names>{NAME}(?:\s*,\s*{NAME})*)", re.IGNORECASE)
IN_BLOCK = re.compile(r"\b(?:DELETE\s+FROM|DROP\s+TABLE|DROP\s+SCHEMA|TRUNCATE|ALTER\s+TABLE)\b[^;]*", re.IGNORECASE)
INDEX = re.compile(r"\s*(CREATE|DROP)\s+(UNIQUE\s+)?INDEX\b", re.IGNORECASE)
HOW = re.compile(r"\s+(?:(?:ALGORITHM|LOCK)\s*=?\s*\w+|NOWAIT|WAIT\s+\d+)\s*(?=$|\s(?:ALGORITHM|LOCK)\b)", re.IGNORECASE)
VIEW = re.compile(
    r"(?:\s|--[^\n]*\n|/\*.*?\*/)*(?:CREATE|ALTER|DROP)\b[^(]*?\bVIEW\s+(?:IF\s+(?:NOT\s+)?EXISTS\s+)?((?:[\w.$]|\"[^\"]*\"|`[^`]*`|\[[^\]]*\]|\s*,\s*)+)",
    re.I,
)


def without_marks(text: str) -> str:
    """A statement of MySQL as it is without marks of how, also without how an index is built: the parser knows that of
    ALTER TABLE only.
    """
    found = plainly(text)
    return HOW.sub("", found) if INDEX.match(found) else found


ONLY = re.compile(r"(\s*CREATE\s+(?:UNIQUE\s+)?INDEX\b[^()]*\bON\s+)ONLY\s+", re.IGNORECASE)
NULLS = re.compile(r"(\s*CREATE\s+UNIQUE\s+INDEX\b.*\))\s*NULLS\s+(NOT\s+)?DISTINCT\b", re.IGNORECASE | re.DOTALL)


def plain_index(text: str) -> tuple[str, bool]:
    """A statement of PostgreSQL without words that the parser does not know in CREATE INDEX; whether two nulls are the same."""
    found = NULLS.match(text)
    return NULLS.sub(r"\1", ONLY.sub(r"\1", text)), found is not None and found[2] is not None


def plain(name: str, dialect: str) -> str:
    """A name without quotes, as the database keeps it: PostgreSQL lowers those without them."""
    if re.match(r'["`\[]', name):
        return name[1:-1]
    return name.lower() if dialect == "postgresql" else name


def of_alter(text: str, dialect: str) -> tuple[Any, ...]:
    """What an ALTER TABLE does, as far as its clauses are known here; a clause that is not changes the table somehow."""
    found = ALTERING.match(text)
    if found is None:
        return ()
    table, schema = plain(found["name"], dialect), plain(found["schema"], dialect) if found["schema"] else None
    action = text[found.end() :]
    listed = [action] if PARTITION.match(action) else clauses(action)  # it stands alone, with several names
    made = tuple(op for clause in listed for op in of_clause(clause, table, schema, dialect))
    for op in made if found["ignore"] else ():
        if isinstance(op, (ops.CreateUniqueConstraintOp, ops.CreatePrimaryKeyOp)):
            op.kw["ignores"] = True  # rows that are there twice, all but one of them
    return made


def of_clause(clause: str, table: str, schema: str | None, dialect: str) -> Iterator[Any]:
    """One clause of an ALTER TABLE."""
    if PARTITION.match(clause):
        listed = PARTITIONS.match(clause)
        named = quoted(table, schema)
        count = f"SELECT count(*), (SELECT count(*) FROM {named} PARTITION ({listed[1]})) FROM {named}" if listed else ""
        yield Rows("truncate", table, schema, is_bounded=False, count=count, reads=((schema, table),))
    elif UNVERSIONED.match(clause):
        yield of_history(table, schema)
    elif found := SEVERAL.match(clause):
        for each in clauses(found[1]):
            yield from of_clause(f"ADD {each}", table, schema, dialect)
    elif found := DROP.match(clause):
        yield ops.DropColumnOp(table, plain(found[1], dialect), schema=schema)
    elif found := ADD.match(clause):
        added = ops.AddColumnOp(table, new_column(plain(found["name"], dialect), found["rest"], dialect), schema=schema)
        added.if_not_exists = bool(found["unless"])
        yield added
    elif found := CHANGE.match(clause):
        old, new = plain(found[1], dialect), plain(found[2], dialect)
        yield altered(table, old, found[3], schema, None if old == new else new)
    elif found := MODIFY.match(clause):
        yield altered(table, plain(found[1], dialect), found[2], schema)
    elif found := RETYPE.match(clause):
        kw: dict[str, Any] = {"postgresql_using": found["using"]} if found["using"] else {}
        yield ops.AlterColumnOp(
            table, plain(found["name"], dialect), schema=schema, modify_type=Written(found["type"].strip()), **kw
        )
    elif found := RENAME.match(clause):
        yield ops.AlterColumnOp(table, plain(found["old"], dialect), schema=schema, modify_name=plain(found["new"], dialect))
    elif found := RENAMED.match(clause):
        yield ops.RenameTableOp(table, plain(found[1], dialect), schema=schema)
    elif found := DROP_KEY.match(clause):
        yield ops.DropConstraintOp(plain(found[1], dialect), table, schema=schema)
    elif found := DROP_INDEX.match(clause):
        yield ops.DropIndexOp(plain(found[1], dialect), table, schema=schema)
    elif DROP_PRIMARY.match(clause):
        yield ops.DropConstraintOp("PRIMARY", table, type_="primary", schema=schema)
    elif found := CONVERT.match(clause):
        yield Changed(table, schema, charset=found[1])
    else:
        yield of_constraint(clause, table, schema, dialect) or Changed(table, schema)


def quoted(table: str, schema: str | None) -> str:
    """A table in SQL of MySQL."""
    return ".".join(f"`{part}`" for part in (schema, table) if part)


def of_history(table: str, schema: str | None) -> Rows:
    """The rows go that a table of MariaDB has had before (manual, "System-Versioned Tables")."""
    named = quoted(table, schema)
    count = f"SELECT count(*), count(*) - (SELECT count(*) FROM {named}) FROM {named} FOR SYSTEM_TIME ALL"
    return Rows("truncate", table, schema, is_bounded=False, count=count, reads=((schema, table),), is_history=True)


def of_replace(text: str, dialect: str) -> tuple[Any, ...]:
    """REPLACE of MySQL and SQLite: it deletes what has the same key, with what the statement does not name."""
    found = REPLACE.match(text) if dialect in ("mysql", "sqlite") else None
    if found is None:
        return ()
    table, schema = plain(found["name"], dialect), plain(found["schema"], dialect) if found["schema"] else None
    listed = (
        clauses(found["columns"]) if found["columns"] else (each.partition("=")[0] for each in clauses(found["values"] or ""))
    )
    given = tuple(plain(each.strip(), dialect) for each in listed if each.strip())
    rows = ROWS.match(text[found.end() :]) if given else None
    values = (tuple(each.strip() for each in clauses(row.strip()[1:-1])) for row in (clauses(rows[1]) if rows else ()))
    return (Rows("replace", table, schema, given=given, values=tuple(values)),)


def of_delete_history(text: str, dialect: str) -> tuple[Any, ...]:
    """DELETE HISTORY FROM …."""
    found = HISTORY.match(text)
    if found is None:
        return ()
    table, schema = plain(found["name"], dialect), plain(found["schema"], dialect) if found["schema"] else None
    return (Rows("delete", table, schema) if found["before"] else of_history(table, schema),)


def type_in(text: str) -> Written:
    """The type at the beginning of a column's definition."""
    found = TYPE.match(text)
    return Written((found[1] if found else text).strip())


def altered(table: str, column: str, definition: str, schema: str | None, new: str | None = None) -> ops.AlterColumnOp:
    """A column gets another definition, and perhaps another name. What the definition leaves out is gone."""
    words = unquoted(definition).upper()
    is_kept = re.search(r"\bDEFAULT\b|\bAUTO_INCREMENT\b|\bAS\s*\(|\bSERIAL\b", words) is not None
    found = TYPE.match(definition)
    type_: Any = Written((found[1] + found[2]).strip()) if found else type_in(definition)
    return ops.AlterColumnOp(
        table,
        column,
        schema=schema,
        modify_name=new,
        modify_type=type_,
        modify_nullable=re.search(r"\bNOT\s+NULL\b|\bPRIMARY\s+KEY\b", words) is None,
        modify_server_default=False if is_kept else None,
        redefines=type_,
    )


def redefined(op: Any, statements: Sequence[str], dialect: str) -> Any:
    """The same with what MySQL's MODIFY or CHANGE leaves out: that is gone, whether the revision means it or not."""
    if not isinstance(op, ops.AlterColumnOp) or dialect not in ("mysql", "mariadb"):
        return op
    found = [each for text in statements for each in of_alter(text, dialect) if isinstance(each, ops.AlterColumnOp)]
    if len(found) != 1 or "redefines" not in found[0].kw:
        return op
    whole, made = found[0], copy(op)
    made.kw = {**op.kw, **whole.kw}
    if op.modify_nullable is None and op.existing_nullable is not whole.modify_nullable:
        made.modify_nullable = whole.modify_nullable
    if op.modify_server_default is False:
        made.modify_server_default = whole.modify_server_default
    return made


def new_column(name: str, definition: str, dialect: str) -> Column[Any]:
    """A column as its definition describes it, as far as rules ask for it."""
    words = unquoted(definition).upper()
    type_ = type_in(definition)
    default = re.search(r"\bDEFAULT\s+(?!NULL\b)(.*)", definition, re.IGNORECASE | re.DOTALL)
    is_numbered = re.search(r"\b(BIG|SMALL)?SERIAL\b|\bAS\s+IDENTITY\b|\bAUTO_INCREMENT\b", words) is not None
    is_computed = re.search(r"\bAS\s*\(", words) is not None and not is_numbered
    more: list[Any] = [Computed(definition)] if is_computed else []
    if found := REFERENCES.search(definition):
        to = ".".join(plain(part, dialect) for part in (found["schema"], found["table"], found["column"]) if part)
        more.append(ForeignKey(to, ondelete="CASCADE" if cascades(found["rest"]) else None))
    return Column(
        name,
        JSON() if type_.text.upper() == "JSON" else type_,
        *more,
        nullable=re.search(r"\bNOT\s+NULL\b|\bPRIMARY\s+KEY\b", words) is None,
        server_default=sa_text(default[1].replace(":", "\\:")) if default and not is_computed else None,
        unique=re.search(r"\bUNIQUE\b", words) is not None or None,
        autoincrement=is_numbered or "auto",
    )


def cascades(rest: str) -> bool:
    """Whether rows go with those that they point to."""
    return re.search(r"\bON\s+DELETE\s+CASCADE\b", rest, re.IGNORECASE) is not None


def unquoted(text: str) -> str:
    """A text without what stands in it in quotes."""
    return re.sub(r"'(?:[^'\\]|''|\\.)*'", "''", text)


def of_constraint(clause: str, table: str, schema: str | None, dialect: str) -> Any:
    """ADD … FOREIGN KEY, CHECK, UNIQUE or NOT NULL; None for another clause, and for what is not enforced."""

    def names(listed: str) -> list[str]:
        return [plain(each.strip(), dialect) for each in listed.split(",")]

    def name(found: re.Match[str]) -> str | None:
        return plain(found["name"], dialect) if found["name"] else None

    if re.search(r"\bNOT\s+ENFORCED\b", unquoted(clause), re.IGNORECASE):
        return None
    if found := KEY.match(clause):
        other = plain(found["schema"], dialect) if found["schema"] else None
        return ops.CreateForeignKeyOp(
            name(found),
            table,
            plain(found["table"], dialect),
            names(found["local"]),
            names(found["remote"]) if found["remote"] else [],
            source_schema=schema,
            referent_schema=other,
            postgresql_not_valid=is_not_valid(found["rest"]),
            ondelete="CASCADE" if cascades(found["rest"]) else None,
        )
    if found := CHECK.match(clause):
        kw = {"postgresql_not_valid": True} if is_not_valid(found["rest"]) else {}
        return ops.CreateCheckConstraintOp(name(found), table, found["condition"][1:-1], schema=schema, **kw)
    if found := PRIMARY.match(clause):
        return ops.CreatePrimaryKeyOp(name(found), table, names(found["columns"]), schema=schema)
    if found := UNIQUE.match(clause):
        index = plain(found["index"], dialect) if found["index"] else None
        same = {"postgresql_nulls_not_distinct": True} if found["same"] else {}
        return ops.CreateUniqueConstraintOp(name(found) or index, table, names(found["columns"]), schema=schema, **same)
    if found := ADD_INDEX.match(clause):
        return ops.CreateIndexOp(name(found) or names(found["columns"])[0], table, names(found["columns"]), schema=schema)
    if (found := NOT_NULL.match(clause)) and not is_not_valid(found["rest"]):
        return ops.AlterColumnOp(table, plain(found["column"], dialect), schema=schema, modify_nullable=False)
    return None


def is_not_valid(rest: str) -> bool:
    """Whether the rows that are there are not looked at."""
    return re.search(r"\bNOT\s+VALID\b", rest, re.IGNORECASE) is not None


def of_renames(text: str, dialect: str) -> tuple[Any, ...]:
    """RENAME TABLE a TO b, c TO d."""
    found = RENAMES.match(text)
    pairs = [ONE_RENAME.match(each) for each in clauses(found[1])] if found else []
    return tuple(
        ops.RenameTableOp(plain(pair["old"], dialect), plain(pair["new"], dialect), schema=pair["schema"])
        for pair in pairs
        if pair
    )


def of_drop(text: str, dialect: str) -> tuple[Any, ...]:
    """What a DROP of several things takes along, or one with CASCADE: a type goes with the columns that have it."""
    if found := OWNED.match(text):
        return tuple(DropNamespace(plain(each, dialect), "owner") for each in re.findall(NAME, found["names"]))
    found = DROPS.match(text)
    if found is None or not (found["cascade"] or found["kind"].upper() in ("SCHEMA", "INDEX")):
        return ()
    names = [re.findall(NAME, each) for each in clauses(found["names"])]
    kind, plain_names = found["kind"].lower(), [plain(parts[-1], dialect) for parts in names]
    if kind == "index":
        schemas = [plain(parts[0], dialect) if len(parts) > 1 else None for parts in names]
        return tuple(ops.DropIndexOp(name, schema=schema) for name, schema in zip(plain_names, schemas, strict=True))
    return tuple(DropNamespace(name, kind) for name in plain_names)


def in_block(text: str) -> list[str]:
    """The statements of a block, or of a text that is executed later, that may lose something; also those that it puts together
    as a text.
    """
    found = BLOCK.match(text)
    if found is None and not HOLDS.match(text):
        return []
    body = text if found is None else (found[2] or (found[3] or "").replace("''", "'"))
    return list(map(unwrapped, IN_BLOCK.findall(body)))


def unwrapped(statement: str) -> str:
    """A statement without the rest of the text that it may stand in."""
    for quote in ("'", '"'):
        if statement.count(quote) % 2:
            statement = statement[: statement.rindex(quote)].replace(quote * 2, quote)
    return statement.strip()


def views_in(sql: str) -> set[str]:
    """The views that a statement makes, changes or drops, in small letters."""
    found = VIEW.match(sql)
    return set(map(bare, found[1].split(","))) if found else set()


def bare(name: str) -> str:
    """A name without its schema and its quotes, in small letters."""
    return name.rpartition(".")[2].strip('"`[] ').lower()
