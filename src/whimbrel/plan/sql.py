"""SQL of a revision's own, as the same operations where it can be read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ..dialects import without_comments
from .rows import NAMES, changed_rows, count, counted, is_only, merged, parser, place
from .step import Changed, DropNamespace, Rows, Written
from .words import (
    NAME,
    in_block,
    of_alter,
    of_delete_history,
    of_drop,
    of_renames,
    of_replace,
    plain,
    plain_index,
    without_marks,
)

HARMLESS = re.compile(
    r"\s*(SET|SELECT|PRAGMA|SHOW|VALUES|BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|ANALYZE|COMMENT|GRANT|REVOKE|EXPLAIN|USE"
    r"|ATTACH|DETACH|LISTEN|NOTIFY|DISCARD|RESET|CHECKPOINT|OPTIMIZE|CHECK|FLUSH|UNLOCK|DESCRIBE|TABLE)\b",
    re.IGNORECASE,
)
UNREAD = "this SQL could not be read"
INTERESTING = re.compile(r"\b(DROP|DELETE|UPDATE|TRUNCATE|ALTER|CREATE|RENAME|INSERT|REPLACE|MERGE)\b", re.IGNORECASE)
PIECE = re.compile(r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\2\$)|(;)", re.DOTALL)

UPDATE_OR = re.compile(r"^(\s*UPDATE)\s+OR\s+(?:ABORT|FAIL|IGNORE|REPLACE|ROLLBACK)\b", re.IGNORECASE)
"""What SQLite does with rows that cannot have their new values is of no matter here."""
NEW_ROWS = re.compile(
    rf"\s*INSERT\s+INTO\s+(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})\s*(?:\([^()]*\)\s*)?VALUES\b", re.IGNORECASE
)
"""A plain INSERT; a dump has thousands, and parsing them takes long."""

WITH_BODY = re.compile(
    r"\s*(CREATE\s+(OR\s+REPLACE\s+)?(DEFINER\s*=\s*\S+\s+)?(TEMP(ORARY)?\s+|AGGREGATE\s+)?(TRIGGER|PROCEDURE|FUNCTION|EVENT)\b.*\bBEGIN"
    r"|BEGIN\s+NOT\s+ATOMIC)\b",
    re.IGNORECASE | re.DOTALL,
)
"""The beginning of a trigger, routine or block whose body has statements of its own (SQLite, MySQL, SQL in PostgreSQL)."""
NESTED = re.compile(r"\bEND\s+(?:IF|LOOP|WHILE|REPEAT|FOR)\b|\bEND(?:\s+CASE)?\b|\bBEGIN\b|\bCASE\b", re.IGNORECASE)

Read = tuple[tuple[Any, ...], str | None]
"""The operations, and why there are none."""


def statements_in(script: str) -> tuple[str, ...]:
    """The statements of a script, each in one line as far as it is code, without the semicolons."""
    found, start = [], 0
    for piece in PIECE.finditer(script):
        if piece[3]:
            found.append(script[start : piece.start()])
            start = piece.end()
    found.append(script[start:])
    cleaned = (re.sub(r"^(\s*--[^\n]*\n)+", "", each.strip() + "\n").strip() for each in found)
    return tuple(bodies_whole(each for each in cleaned if each and not each.startswith("--")))


def bodies_whole(pieces: Iterable[str]) -> Iterator[str]:
    """Statements, those of a body together with what creates its trigger or routine."""
    begun: list[str] = []
    for piece in pieces:
        begun.append(piece)
        text = ";\n".join(begun)
        if not is_open(text):
            yield text
            begun = []
    yield from begun


def is_open(text: str) -> bool:
    """Whether a body has begun and not ended."""
    if "BEGIN" not in text.upper():
        return False
    bare = PIECE.sub(lambda found: found[3] or "''", text)
    found = NESTED.findall(bare.upper()) if WITH_BODY.match(bare) else []
    begins, ends = (sum(each.split() in words for each in found) for words in ([["BEGIN"], ["CASE"]], [["END"], ["END", "CASE"]]))
    return begins > ends


def operations_in(text: str, statement: Any, dialect: str) -> Read:
    """What one statement does. statement: the construct that it came from, which knows more than its text."""
    made = of_construct(statement)
    if made is not None and (
        made.verb == "insert" or (not made.is_bounded and made.verb == "delete")
    ):  # of others the text tells more
        return (made,), None
    text = without_comments(text, dialect)
    if dialect in ("mysql", "mariadb"):
        text = without_marks(text)
        dialect = "mysql"
    nulls_are_same = False
    if dialect == "sqlite":
        text = UPDATE_OR.sub(r"\1", text)
    if dialect == "postgresql":
        text, nulls_are_same = plain_index(text)
    if found := of_replace(text, dialect) or of_delete_history(text, dialect):
        return found, None
    if not text or (HARMLESS.match(text) and not INTERESTING.search(text)):
        return (), None
    if found_rows := NEW_ROWS.match(text):
        schema = plain(found_rows["schema"], dialect) if found_rows["schema"] else None
        return (Rows("insert", plain(found_rows["table"], dialect), schema),), None
    sqlglot = parser()
    try:
        with silent("sqlglot"):
            tree = sqlglot.parse_one(text, read=NAMES.get(dialect, dialect), error_level=sqlglot.ErrorLevel.RAISE)
    except sqlglot.errors.SqlglotError:
        made = of_construct(statement, sa.TableClause)  # its values may have no place in a text
        return ((made,), None) if made is not None else of_words(text, dialect)
    if tree.key == "alter" and str(tree.args.get("kind") or "").upper() == "TABLE":
        tree_knows, words_know = tuple(operations_of(fold(tree, dialect))), of_alter(text, dialect)
        if len(tree_knows) == len(words_know):
            pairs = zip(words_know, tree_knows, strict=True)
            return tuple(tree if is_vague(words) else words for words, tree in pairs), None
        return (tree_knows if sum(map(is_vague, tree_knows)) < sum(map(is_vague, words_know)) else words_know), None
    found = tuple(counted(each, tree, dialect) for each in operations_of(fold(tree, dialect)))
    for each in found:
        if isinstance(each, ops.CreateIndexOp) and nulls_are_same:
            each.kw["postgresql_nulls_not_distinct"] = True
        elif (
            isinstance(each, ops.CreateIndexOp) and dialect == "mysql" and not all(isinstance(part, str) for part in each.columns)
        ):
            each.columns = []  # of the beginnings of texts
    is_read = found or HARMLESS.match(text) or tree.key in ("create", "select", "set") or tree.args.get("temporary")
    return (found, None) if is_read else of_words(text, dialect)


def is_vague(op: Any) -> bool:
    """Whether it is only known that a table changes."""
    return isinstance(op, Changed)


def fold(tree: Any, dialect: str) -> Any:
    """Names without quotes as PostgreSQL keeps them: in lower case."""
    if dialect == "postgresql":
        for each in tree.find_all(parser().exp.Identifier):
            if not each.args.get("quoted"):
                each.set("this", each.name.lower())
    return tree


@contextmanager
def silent(name: str) -> Iterator[None]:
    """Keep a logger quiet that says what we find out ourselves."""
    logger = logging.getLogger(name)
    before, logger.disabled = logger.disabled, True
    try:
        yield
    finally:
        logger.disabled = before


def of_construct(statement: Any, kind: type[sa.TableClause] = sa.Table) -> Any:
    """An INSERT, UPDATE or DELETE of SQLAlchemy. kind: what its table has to be."""
    if isinstance(statement, (sa.Delete, sa.Update)) and isinstance(statement.table, kind):
        verb = "delete" if isinstance(statement, sa.Delete) else "update"
        return Rows(verb, statement.table.name, statement.table.schema, is_bounded=statement.whereclause is not None)
    if isinstance(statement, sa.Insert) and isinstance(statement.table, kind):
        return Rows("insert", statement.table.name, statement.table.schema)
    return None


WORDS = re.compile(
    r"\s*(?P<verb>CREATE|ALTER|DROP|TRUNCATE|REINDEX|VACUUM|CLUSTER|REFRESH|DO|CALL|COPY|LOCK|DELETE|UPDATE|MERGE|REPLACE|RENAME)\b",
    re.IGNORECASE,
)
CALM = re.compile(
    r"\s*((CREATE|DROP|ALTER)\s+(OR\s+REPLACE\s+)?(TEMP\w*\s+)?"
    r"(DEFINER\s*=\s*\S+\s+)?(VIEW|FUNCTION|PROCEDURE|TRIGGER|EVENT|(FULLTEXT|SPATIAL)\s+INDEX|EXTENSION|TYPE|DOMAIN|SEQUENCE|POLICY|ROLE|USER|MATERIALIZED|AGGREGATE|RULE)"
    r"|ALTER\s+INDEX|CREATE\s+STATISTICS|REINDEX|VACUUM|CLUSTER|REFRESH|LOCK)\b",
    re.IGNORECASE,
)


def of_words(text: str, dialect: str) -> Read:
    """What a statement does that sqlglot does not read, as far as its words tell."""
    if found := of_alter(text, dialect) or of_renames(text, dialect) or of_drop(text, dialect):
        return found, None
    if block := in_block(text):
        return tuple(op for each in block for op in operations_in(each, None, dialect)[0]), UNREAD
    return (), None if CALM.match(text) or HARMLESS.match(text) else UNREAD


def operations_of(tree: Any) -> Iterator[Any]:
    """What a parsed statement does."""
    for part in (tree.args.get("with_") or tree.args.get("with") or tree).expressions or ():
        if part.key == "cte":
            yield from operations_of(part.this)
    reader = READERS.get(tree.key)
    if reader is not None:
        yield from reader(tree)


def targets(tree: Any) -> list[Any]:
    """What a statement is about; releases of sqlglot differ in where they keep it."""
    found = tree.args.get("tables") or [tree.this]
    return [each for each in found if each is not None]


def emptied(tree: Any) -> Iterator[Rows]:
    """TRUNCATE."""
    cascades = str(tree.args.get("option") or "").upper() == "CASCADE"
    for table in tree.expressions:
        name, schema = place(table)
        op = Rows("truncate", name, schema, is_bounded=False, cascades=cascades)
        if is_only(table):
            count(op, table, parser().exp.true(), "postgresql")
        yield op


def filled(tree: Any) -> Iterator[Rows]:
    """INSERT."""
    name, schema = place(tree.this.this if tree.this.key == "schema" else tree.this)
    yield Rows("insert", name, schema)


def dropped(tree: Any) -> Iterator[Any]:
    """DROP …."""
    what = str(tree.args.get("kind") or "").upper()
    for each in targets(tree):
        name, schema = place(each)
        if what == "TABLE" and not tree.args.get("temporary"):
            yield ops.DropTableOp(name, schema=schema)
        elif what in ("SCHEMA", "DATABASE"):
            yield DropNamespace(name or schema or str(each), what.lower())
        elif what == "INDEX":
            on = tree.args.get("cluster")
            table = on.this.name if on is not None else None
            yield ops.DropIndexOp(name, table, schema=schema, postgresql_concurrently=bool(tree.args.get("concurrently")))


def altered(tree: Any) -> Iterator[Any]:
    """ALTER TABLE …."""
    if str(tree.args.get("kind") or "").upper() != "TABLE":
        return
    table, schema = place(tree.this)
    for action in tree.args.get("actions") or ():
        what = str(action.args.get("kind") or "").upper()
        if action.key == "drop":
            for each in targets(action):
                if what == "COLUMN":
                    yield ops.DropColumnOp(table, each.name, schema=schema)
                elif what == "CONSTRAINT":
                    yield ops.DropConstraintOp(each.name, table, schema=schema)
        elif action.key == "altercolumn" and action.args.get("dtype") is not None:
            yield ops.AlterColumnOp(table, action.this.name, schema=schema, modify_type=Written(action.args["dtype"].sql()))
        elif action.key == "altercolumn" and action.args.get("allow_null") is not None:
            yield ops.AlterColumnOp(table, action.this.name, schema=schema, modify_nullable=bool(action.args["allow_null"]))
        elif action.key == "altercolumn" and action.args.get("drop"):
            yield ops.AlterColumnOp(table, action.this.name, schema=schema, modify_server_default=None)
        elif action.key == "alterrename":
            yield ops.RenameTableOp(table, action.this.name, schema=schema)
        elif action.key == "renamecolumn":
            yield ops.AlterColumnOp(table, action.this.name, schema=schema, modify_name=action.args["to"].name)
        else:
            yield Changed(table, schema)


def created(tree: Any) -> Iterator[Any]:
    """CREATE …."""
    what, target = str(tree.args.get("kind") or "").upper(), tree.this
    if what == "TABLE":
        name, schema = place(target.this if target.key == "schema" else target)
        if tree.args.get("replace"):
            yield ops.DropTableOp(name, schema=schema)
        is_temporary = tree.find(parser().exp.TemporaryProperty) is not None
        yield ops.CreateTableOp(name, [], schema=schema, prefixes=["TEMPORARY"] if is_temporary else [])
    elif what == "INDEX" and target.args.get("table") is not None:
        name, schema = place(target.args["table"])
        concurrently = bool(tree.args.get("concurrently"))
        is_unique = bool(tree.args.get("unique"))
        columns, where = columns_in(target)
        kw: dict[str, Any] = {"postgresql_where": where} if where else {}
        yield ops.CreateIndexOp(
            target.name, name, columns, schema=schema, unique=is_unique, postgresql_concurrently=concurrently, **kw
        )


def columns_in(index: Any) -> tuple[list[Any], str | None]:
    """The columns and expressions of an index; and its condition."""
    params = index.args.get("params")
    if params is None:
        return [], None
    listed = [each.this if each.key == "ordered" else each for each in params.args.get("columns") or ()]
    where = params.args.get("where")
    is_name = [each.key in ("column", "identifier") for each in listed]
    parts = [each.name if is_one else sa.text(in_sql(each)) for each, is_one in zip(listed, is_name, strict=True)]
    return parts, in_sql(where.this) if where is not None else None


def in_sql(tree: Any) -> str:
    """A part of a statement as PostgreSQL writes it, as far as it matters which database does."""
    return str(tree.sql(dialect="postgres"))


READERS = {
    "delete": changed_rows,
    "update": changed_rows,
    "merge": merged,
    "truncatetable": emptied,
    "insert": filled,
    "drop": dropped,
    "alter": altered,
    "create": created,
}
