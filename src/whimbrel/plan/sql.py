"""SQL of a revision's own, as the same operations where it can be read."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from .step import Changed, DropNamespace, Rows, Written
from .words import NAME, in_block, of_alter, of_delete_history, of_renames, of_replace, plain, without_marks

NAMES = {"postgresql": "postgres", "mariadb": "mysql"}
HARMLESS = re.compile(
    r"\s*(SET|SELECT|PRAGMA|SHOW|VALUES|BEGIN|START|COMMIT|ROLLBACK|SAVEPOINT|RELEASE|ANALYZE|COMMENT|GRANT|REVOKE|EXPLAIN|USE"
    r"|ATTACH|DETACH|LISTEN|NOTIFY|DISCARD|RESET|CHECKPOINT|OPTIMIZE|CHECK|FLUSH|UNLOCK|DESCRIBE|TABLE)\b",
    re.IGNORECASE,
)
UNREAD = "this SQL could not be read"
WITH_COLUMNS = re.compile(
    r"\s*DROP\s+(TYPE|DOMAIN|EXTENSION)\s+(?:IF\s+EXISTS\s+)?(?:\w+\.)?(\w+|\"[^\"]+\")\s+CASCADE", re.IGNORECASE
)
INTERESTING = re.compile(r"\b(DROP|DELETE|UPDATE|TRUNCATE|ALTER|CREATE|RENAME|INSERT|REPLACE|MERGE)\b", re.IGNORECASE)
PIECE = re.compile(r"('(?:[^'\\]|''|\\.)*'|\"(?:[^\"]|\"\")*\"|`[^`]*`|--[^\n]*|/\*.*?\*/|\$(\w*)\$.*?\$\2\$)|(;)", re.DOTALL)

NEW_ROWS = re.compile(
    rf"\s*INSERT\s+INTO\s+(?:(?P<schema>{NAME})\.)?(?P<table>{NAME})\s*(?:\([^()]*\)\s*)?VALUES\b", re.IGNORECASE
)
"""A plain INSERT; a dump has thousands, and parsing them takes long."""
BESIDES = ("tables", "using", "with", "with_", "limit", "order")
"""What makes a DELETE about other rows than those that its condition is about."""

WITH_BODY = re.compile(r"\s*CREATE\s+(TEMP(ORARY)?\s+)?TRIGGER\b.*\bBEGIN\b", re.IGNORECASE | re.DOTALL)
"""The beginning of a trigger whose body has statements of its own (SQLite, MySQL)."""

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
    """Statements, those of a trigger's body together with what creates the trigger."""
    begun: list[str] = []
    for piece in pieces:
        begun.append(piece)
        is_done = piece.upper() == "END" or not WITH_BODY.match(begun[0])
        if is_done:
            yield ";\n".join(begun)
            begun = []
    yield from begun


@cache
def parser() -> Any:
    """sqlglot, loaded when the first statement asks for it."""
    import sqlglot
    import sqlglot.errors

    return sqlglot


def operations_in(text: str, statement: Any, dialect: str) -> Read:
    """What one statement does. statement: the construct that it came from, which knows more than its text."""
    made = of_construct(statement)
    if made is not None and (
        made.verb == "insert" or (not made.is_bounded and made.verb == "delete")
    ):  # of others the text tells more
        return (made,), None
    if dialect in ("mysql", "mariadb"):
        text = without_marks(text)
        dialect = "mysql"
    if found := of_replace(text, dialect) or of_delete_history(text, dialect):
        return found, None
    if HARMLESS.match(text) and not INTERESTING.search(text):
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
    is_read = (
        found
        or HARMLESS.match(text)
        or tree.key in ("create", "select", "set")
        or tree.args.get("temporary")
        or gone_with(text, dialect)
    )
    return (found or gone_with(text, dialect), None) if is_read else of_words(text, dialect)


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
    r"(VIEW|FUNCTION|PROCEDURE|TRIGGER|EXTENSION|TYPE|DOMAIN|SEQUENCE|POLICY|ROLE|USER|MATERIALIZED|AGGREGATE|RULE)"
    r"|REINDEX|VACUUM|REFRESH|LOCK)\b",
    re.IGNORECASE,
)


def of_words(text: str, dialect: str) -> Read:
    """What a statement does that sqlglot does not read, as far as its words tell."""
    if found := of_alter(text, dialect) or of_renames(text, dialect):
        return found, None
    if block := in_block(text):
        return tuple(op for each in block for op in operations_in(each, None, dialect)[0]), UNREAD
    if found := gone_with(text, dialect):
        return found, None
    return (), None if CALM.match(text) or HARMLESS.match(text) else UNREAD


def gone_with(text: str, dialect: str) -> tuple[Any, ...]:
    """What PostgreSQL's DROP … CASCADE of a type, domain or extension takes along."""
    found = WITH_COLUMNS.match(text)
    return (DropNamespace(plain(found[2], dialect), found[1].lower()),) if found else ()


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


def place(table: Any) -> tuple[str, str | None]:
    """Name and schema of a table."""
    return str(table.name), str(table.db) or None if getattr(table, "db", None) else None


def changed_rows(tree: Any) -> Iterator[Rows]:
    """DELETE and UPDATE."""
    if tree.this is None or tree.this.key != "table":
        return
    joins = [*(tree.this.args.get("joins") or ()), *(tree.args.get("joins") or ())]
    where = tree.args.get("where")
    is_bounded = (where is not None and not is_always(where.this)) or tree.args.get("limit") is not None
    is_bounded = (
        is_bounded or any(each.args.get("on") or each.args.get("using") for each in joins) or bool(tree.args.get("using"))
    )
    tables = {each.alias_or_name: each for each in [tree.this, *(join.this for join in joins)]}
    named = [tables.get(each.name, each) for each in tree.args.get("tables") or [tree.this]]
    emptied = tuple(
        each.this.name for each in tree.args.get("expressions") or () if each.key == "eq" and each.expression.key == "null"
    )
    for each in named:
        name, schema = place(each)
        yield Rows(tree.key, name, schema, is_bounded=is_bounded, emptied=emptied)


def counted(op: Any, tree: Any, dialect: str) -> Any:
    """A DELETE of one table with a condition, together with the query that counts what meets it."""
    where, exp = tree.args.get("where"), parser().exp
    is_plain = tree.key == "delete" and where is not None and not any(tree.args.get(each) for each in BESIDES)
    if not (is_plain and isinstance(op, Rows) and op.is_bounded and tree.this.key == "table"):
        return op
    meets = exp.Case(ifs=[exp.If(this=where.this.copy(), true=exp.Literal.number(1))])
    query = exp.select("count(*)", exp.Count(this=meets)).from_(tree.this.copy())
    op.count = query.sql(dialect=NAMES.get(dialect, dialect))
    op.reads = tuple((schema, name) for name, schema in map(place, query.find_all(exp.Table)))
    return op


def is_always(condition: Any) -> bool:
    """Whether a condition is met by every row: WHERE true, WHERE 1 = 1."""
    condition = condition.unnest()
    if condition.key == "eq":
        return bool(condition.this.key == "literal" and condition.this == condition.expression)
    return bool(
        (condition.key == "boolean" and condition.this) or (condition.key == "literal" and condition.name not in ("0", ""))
    )


def emptied(tree: Any) -> Iterator[Rows]:
    """TRUNCATE."""
    cascades = str(tree.args.get("option") or "").upper() == "CASCADE"
    for table in tree.expressions:
        name, schema = place(table)
        yield Rows("truncate", name, schema, is_bounded=False, cascades=cascades)


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
        yield ops.CreateTableOp(name, [], schema=schema)
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
    """The columns of an index, none where it is over more than columns; and its condition."""
    params = index.args.get("params")
    if params is None:
        return [], None
    listed = [each.this if each.key == "ordered" else each for each in params.args.get("columns") or ()]
    where = params.args.get("where")
    names = [each.name for each in listed] if all(each.key in ("column", "identifier") for each in listed) else []
    return names, where.sql() if where is not None else None


READERS = {
    "delete": changed_rows,
    "update": changed_rows,
    "truncatetable": emptied,
    "insert": filled,
    "drop": dropped,
    "alter": altered,
    "create": created,
}
