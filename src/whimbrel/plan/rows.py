"""Which rows DELETE, UPDATE and MERGE are about, and the query that counts them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

from .step import Rows

NAMES = {"postgresql": "postgres", "mariadb": "mysql"}
BESIDES = ("tables", "limit", "order")
"""What makes a DELETE about other rows than those that its condition is about."""
COMMON = ("with_", "with")
"""Where releases of sqlglot keep the queries that stand before a statement."""


@cache
def parser() -> Any:
    """sqlglot, loaded when the first statement asks for it."""
    import sqlglot
    import sqlglot.errors

    return sqlglot


def place(table: Any) -> tuple[str, str | None]:
    """Name and schema of a table."""
    return str(table.name), str(table.db) or None if getattr(table, "db", None) else None


def changed_rows(tree: Any) -> Iterator[Rows]:
    """DELETE and UPDATE."""
    if tree.this is None or tree.this.key != "table":
        return
    where, sources = tree.args.get("where"), tree.args.get("using") or []
    joined = [*joins_of(tree.this), *(tree.args.get("joins") or ())]
    named = tree.args.get("tables") or [tree.this]
    if sources and tree.this.alias_or_name in {each.alias_or_name for each in sources}:  # MySQL: FROM these USING those
        named = [tree.this, *(each.this for each in joined)]
        sources, joined = sources[1:], [join for each in sources for join in joins_of(each)]
        tables = {each.alias_or_name: each for each in [*tree.args["using"], *(join.this for join in joined)]}
    else:
        tables = {each.alias_or_name: each for each in [tree.this, *(join.this for join in joined)]}
    is_bounded = (where is not None and not is_always(where.this)) or tree.args.get("limit") is not None
    is_bounded = is_bounded or any(each.args.get("on") or each.args.get("using") for each in joined) or bool(sources)
    assignments = tree.args.get("expressions") or ()
    emptied, reset = set_to(assignments, lambda value: value.key == "null"), set_to(assignments, is_default)
    for each in named:
        name, schema = place(tables.get(each.name, each))
        sets, values = ((), ()) if joined else (columns_set(assignments), constants_in(assignments))
        yield Rows(tree.key, name, schema, is_bounded=is_bounded, emptied=emptied, reset=reset, constants=values, sets=sets)


def joins_of(table: Any) -> list[Any]:
    """What is joined to a table in its place."""
    return list(table.args.get("joins") or ())


def set_to(assignments: Iterable[Any], wanted: Callable[[Any], bool]) -> tuple[str, ...]:
    """The columns that get a value of a kind: SET a = NULL, SET (a, b) = (NULL, 1)."""
    found: list[str] = []
    for each in assignments:
        if each.key == "eq":
            columns, values = ((side.expressions or [side.unnest()]) for side in (each.this, each.expression))
            found += [column.name for column, value in zip(columns, values, strict=False) if wanted(value)]
    return tuple(found)


def constants_in(assignments: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    """The columns that are set to a number, a text or a truth value, and that."""
    pairs = [(each.this.unnest(), each.expression.unnest()) for each in assignments if each.key == "eq"]
    plain = [(column.name, value) for column, value in pairs if column.key == "column" and is_constant(value)]
    return tuple((name, value.sql()) for name, value in plain if "\\" not in value.sql())


def is_constant(value: Any) -> bool:
    """Whether a value is the same in every row, and known."""
    return value.key in ("literal", "boolean") or (value.key == "neg" and value.this.key == "literal")


def columns_set(assignments: Iterable[Any]) -> tuple[str, ...]:
    """The columns that are set; none where one of them is not known."""
    targets = [column for each in assignments for column in (each.this.expressions or [each.this.unnest()])]
    is_known = all(each.key == "eq" for each in assignments) and all(each.key == "column" for each in targets)
    return tuple(each.name for each in targets) if is_known else ()


def is_default(value: Any) -> bool:
    """Whether a value is the word DEFAULT, which is read as the name of a column."""
    return value.key == "column" and value.name.upper() == "DEFAULT" and not value.this.args.get("quoted")


def merged(tree: Any) -> Iterator[Rows]:
    """MERGE: rows are deleted where one of its branches says so."""
    exp = parser().exp
    name, schema = place(tree.this)
    branches = list(tree.find_all(exp.When))
    deleting = [each for each in branches if each.args["then"].name.upper() == "DELETE"]
    op = Rows("delete" if deleting else "update", name, schema)
    if deleting == branches[:1] and not any(tree.args.get(key) for key in COMMON):
        of_source = exp.select("1").from_(tree.args["using"].copy()).where(tree.args["on"].copy())
        branch, rest = deleting[0], deleting[0].args.get("condition")
        if branch.args.get("matched"):
            condition = exp.Exists(this=of_source.where(rest.copy()) if rest else of_source)
        else:
            without = exp.Not(this=exp.Exists(this=of_source))
            condition = exp.and_(without, rest.copy()) if rest else without
        count(op, tree.this, condition, "postgresql")
    yield op


def counted(op: Any, tree: Any, dialect: str) -> Any:
    """A DELETE of one table with a condition, or without its children, together with the query that counts what meets it."""
    if tree.key == "delete" and not op.is_bounded and is_only(tree.this):
        count(op, tree.this, parser().exp.true(), dialect)
        return op
    exp, where, others = parser().exp, tree.args.get("where"), tree.args.get("using")
    before = [(key, tree.args[key]) for key in COMMON if tree.args.get(key)]
    only_reads = all(each.this.key in ("select", "union") for _, queries in before for each in queries.expressions)
    is_plain = tree.key == "delete" and only_reads and not any(tree.args.get(each) for each in BESIDES)
    is_plain = is_plain and (dialect == "postgresql" or not (others or before))
    if not (is_plain and isinstance(op, Rows) and op.is_bounded and tree.this.key == "table") or not (where or others):
        return op
    condition = where.this.copy() if where else exp.true()
    if others:
        source = exp.select("1").from_(others[0].copy())
        for each in others[1:]:
            source = source.join(each.copy(), join_type="cross")
        condition = exp.Exists(this=source.where(condition))
    count(op, tree.this, condition, dialect, before)
    return op


def is_only(table: Any) -> bool:
    """Whether tables that inherit from it are not meant: ONLY t."""
    return bool(table.args.get("only"))


def count(op: Rows, table: Any, condition: Any, dialect: str, before: Iterable[tuple[str, Any]] = ()) -> None:
    """Add the query to an operation. before: the queries that its condition may use."""
    exp = parser().exp
    meets = exp.Case(ifs=[exp.If(this=condition, true=exp.Literal.number(1))])
    query = exp.select("count(*)", exp.Count(this=meets)).from_(table.copy())
    rows = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(table.alias_or_name, quoted=True)))
    rows = rows.from_(table.copy()).where(condition.copy())
    for each in (query, rows):
        for key, queries in before:
            each.set(key, queries.copy())
    op.count, op.meeting = (each.sql(dialect=NAMES.get(dialect, dialect)) for each in (query, rows))
    op.reads = tuple((schema, name) for name, schema in map(place, query.find_all(exp.Table)))


def is_always(condition: Any) -> bool:
    """Whether a condition is met by every row: WHERE true, WHERE 1 = 1."""
    condition = condition.unnest()
    if condition.key == "eq":
        return bool(condition.this.key == "literal" and condition.this == condition.expression)
    return bool(
        (condition.key == "boolean" and condition.this) or (condition.key == "literal" and condition.name not in ("0", ""))
    )
