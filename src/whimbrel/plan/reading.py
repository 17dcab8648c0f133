"""What a revision reads that is known before it runs: nothing from tables without rows; what catalogs say of the structure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from sqlalchemy.engine.result import IteratorResult, SimpleResultMetaData

from .answer import READS_ROWS
from .looking import Looking
from .rows import NAMES, parser, place
from .sql import fold, silent
from .step import Opaque

PRAGMA = re.compile(r"\s*PRAGMA\s+(table_x?info|index_x?info|index_list|foreign_key_list)\b", re.IGNORECASE)
CATALOGS = ("information_schema", "pg_catalog")
READING = ("database", "format_type", "has_table_privilege", "pg_table_is_visible", "pg_type_is_visible", "schema", "version")
DESCRIBING = ("to_reg", "pg_get_", "pg_typeof", "quote_", "col_description", "obj_description")
"""Functions of catalogs, beside those that the SQL standard has, and the beginnings of their names."""
TOTALS = ("cube", "groupingsets", "rollup")
MASTERS = ("sqlite_master", "sqlite_schema")


class NotExecuted:
    """How a statement was executed, for those who ask: the ORM does, before it makes objects."""

    def __getattr__(self, name: str) -> Any:
        raise Opaque(READS_ROWS)


class Known(IteratorResult[Any]):
    """A result."""

    def __init__(self, names: Iterable[str], rows: Iterable[Any]) -> None:
        super().__init__(SimpleResultMetaData(list(names)), map(tuple, rows))
        self.context: Any = NotExecuted()


def read(text: str, statement: Any, looking: Looking) -> Known | None:
    """The result of a query; None where only the run will know it. statement: the same for SQLAlchemy."""
    dialect = looking.dialect.name
    if PRAGMA.match(text):
        return of_catalog(statement, looking)
    sqlglot, exp = parser(), parser().exp
    try:
        with silent("sqlglot"):
            tree = fold(sqlglot.parse_one(text, read=NAMES.get(dialect, dialect)), dialect)
    except sqlglot.errors.SqlglotError:
        looking.doubt()
        return None
    if not only_known_functions(tree):
        looking.doubt()
    own = {each.alias_or_name for each in tree.find_all(exp.CTE)}
    tables = [place(each) for each in tree.find_all(exp.Table) if each.name not in own]
    if not isinstance(tree, exp.Select) or not tables or not any(tree.args.get(each) for each in ("from_", "from")):
        return None
    if all(is_catalog(name, schema, looking) for name, schema in tables):
        return of_catalog(statement, looking) if only_reads(tree) else None
    return of_nothing(tree) if all(looking.has_no_rows(name, schema) for name, schema in tables) else None


def only_reads(tree: Any) -> bool:
    """Whether a query does nothing but read: it calls no function that is not known to, takes no lock and makes no table."""
    exp = parser().exp
    return only_known_functions(tree) and not tree.find(exp.Lock, exp.Into)


def only_known_functions(tree: Any) -> bool:
    """Whether a query calls no function that may do more than it says."""
    called = (each.name.lower() for each in tree.find_all(parser().exp.Anonymous))
    return all(each in READING or each.startswith(DESCRIBING) for each in called)


def is_catalog(name: str, schema: str | None, looking: Looking) -> bool:
    """Whether a table is one in which the database tells of its structure."""
    if looking.dialect.name == "sqlite":
        return name.lower() in MASTERS
    if schema is not None or looking.dialect.name != "postgresql":
        return (schema or "").lower() in CATALOGS
    return name.startswith("pg_") and name not in looking.get_table_names()  # anybody may call a table so


def of_catalog(statement: Any, looking: Looking) -> Known | None:
    """What the database says now, where the run has not changed its structure before."""
    found = looking.of_catalog(statement)
    return Known(*found) if found is not None else None


def of_nothing(tree: Any) -> Known | None:
    """What a SELECT from tables without rows gives; None where that is a row with something in it."""
    exp, rows = parser().exp, []
    first = (tree.args.get("from_") or tree.args["from"]).this
    is_table = isinstance(first, exp.Table) and isinstance(first.this, exp.Identifier)
    outer = [each for each in tree.find_all(exp.Join) if each.side in ("RIGHT", "FULL")]
    if not is_table or outer or sum(1 for _ in tree.find_all(exp.Select)) > 1:
        return None  # what stands beside the table may have rows
    group = tree.args.get("group")
    if (tree.args.get("having") and not group) or (group and any(each.key in TOTALS for each in group.walk())):
        return None  # there is one row for all
    if not group and any(each.find(exp.AggFunc) for each in tree.expressions):
        is_one_row = not any(tree.args.get(each) for each in ("limit", "offset", "qualify"))
        if not is_one_row or not all(isinstance(each.unalias(), exp.Count) for each in tree.expressions):
            return None
        rows = [(0,) * len(tree.expressions)]
    return Known((each.alias_or_name or "?" for each in tree.expressions), rows)
