"""A column gets a type that programs see as another one.

Programs that run while this is deployed get what they do not expect: a text where there was a number, a float where there was a
Decimal, a time with a zone where there was one without.

Add a column of the new type, fill it, let the programs change over, and drop the old one in a later release.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops

from ...plan.step import Written, shown, table_of
from ..rule import Case, Found, Rule

SYNONYMS = {
    "timestamptz": "timestamp with time zone",
    "int": "integer",
    "decimal": "numeric",
    "double": "double precision",
    "varchar": "character varying",
}


def look(case: Case) -> Iterator[Found]:
    """AlterColumnOp from a type to one that Python has another class for, in a table with rows."""
    op, table, live = case.op, case.table, case.live
    if not isinstance(op, ops.AlterColumnOp) or op.modify_type is None or table is None or not live.has_rows(table):
        return
    known = live.column_known_as(table_of(op) or table, op.column_name)
    there = (live.columns_of(table) or {}).get(known or "")
    old = op.existing_type if live.connection is None else there and there["type"]
    if known is None or old is None:
        return
    before, after = (seen(each, live.sqla_dialect) for each in (old, op.modify_type))
    if before and after and before != after:
        name = f"{shown(table)}.{known}"
        yield Found(name, f"programs get {after} instead of {before} from {name}")


def seen(type_: Any, dialect: Any) -> str | None:
    """What programs get for values of a type; None where nobody knows."""
    type_ = type_() if isinstance(type_, type) else type_
    if isinstance(type_, Written):
        return of_words(type_.text, dialect)
    type_ = type_.dialect_impl(dialect)
    if isinstance(type_, (sa.Float, sa.Enum)):  # whatever SQLAlchemy makes of them for one program
        return "float" if isinstance(type_, sa.Float) else "str"
    try:
        found = type_.python_type
    except NotImplementedError:
        return None
    if found is object:  # as SQLAlchemy says of JSON
        return None
    if is_mysql(dialect):
        return "int" if found is bool else str(found.__name__)
    is_zoned = dialect.name == "postgresql" and getattr(type_, "timezone", False)
    return f"{found.__name__} with a zone" if is_zoned else found.__name__


def is_mysql(dialect: Any) -> bool:
    """Whether booleans are small integers there."""
    return dialect.name in ("mysql", "mariadb")


def of_words(text: str, dialect: Any) -> str | None:
    """The same for a type as SQL has it."""
    text = re.sub(r"\b(character set|charset|collate)\s+\S+", " ", text.lower())
    words = " ".join(re.sub(r"\([^()]*\)", " ", text).split())
    found = dialect.ischema_names.get(words) or dialect.ischema_names.get(words := SYNONYMS.get(words, words))
    if found is None or "[" in text:
        return None
    is_zoned = words.endswith("with time zone")
    return seen(found(timezone=is_zoned) if issubclass(found, (sa.DateTime, sa.Time)) and is_zoned else found(), dialect)


rule = Rule(
    code="type-breaks-programs",
    severity="notice",
    asks_database=True,
    why="The programs that run were written for values of the old type.",
    look=look,
    bad='op.alter_column("person", "age", existing_type=sa.Integer(), type_=sa.Numeric())',
    good='op.alter_column("person", "name", existing_type=sa.String(50), type_=sa.String(70))',
    on=("postgresql", "mysql"),
    gives_way=True,
)
