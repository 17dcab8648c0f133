"""Defaults and checks of a model as the server would store them: it is asked, with an empty temporary table."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import CheckConstraint, Connection, MetaData, Table, inspect
from sqlalchemy.exc import SQLAlchemyError

from ..dialects import dialect_of
from ..schema.snapshot import computed

NAME = "whimbrel_model"
SYNONYMS = {
    "now()": "current_timestamp",
    "current_timestamp()": "current_timestamp",
    "transaction_timestamp()": "current_timestamp",
}
"""PostgreSQL manual, "Current Date/Time": the same value under several names; kept as it was written."""


@dataclass
class Stored:
    """What the server makes of a model: the defaults of its columns, and the text of each check.

    why_not: why the server could not be asked.
    """

    defaults: dict[str, str | None] = field(default_factory=dict)
    checks: dict[CheckConstraint, str] = field(default_factory=dict)
    why_not: str = ""


def stored(connection: Connection, model: Table, names_asked: Collection[str], checks: list[CheckConstraint]) -> Stored:
    """Ask for some defaults and checks of one table at once; nothing of it stays."""
    if not names_asked and not checks:
        return Stored()
    texts = " ".join(str(as_text(check, connection)) for check in checks)
    asked = [column for column in model.columns if column.name in names_asked or column.name in texts]
    own = Table(NAME, MetaData(), *columns_of(asked), prefixes=["TEMPORARY"])
    names: dict[str, CheckConstraint] = {}
    for number, check in enumerate(checks):
        name = f"whimbrel_check_{number}"
        names[name] = check
        own.append_constraint(CheckConstraint(as_text(check, connection), name=name))
    found = Stored()
    try:
        with for_a_moment(connection):
            own.create(connection)
            inspector = inspect(connection)
            for column in inspector.get_columns(NAME):
                found.defaults[column["name"]] = column.get("default")
            for each in inspector.get_check_constraints(NAME) if names else ():
                if (check_found := names.get(str(each["name"]))) is not None:
                    found.checks[check_found] = each["sqltext"]
    except SQLAlchemyError as error:
        return Stored(why_not=str(getattr(error, "orig", None) or error).splitlines()[0])
    return found


def computed_as_stored(connection: Connection, model: Table, column: sa.Column[Any]) -> tuple[dict[str, Any], str]:
    """What the server makes of a computed column: its text, and whether its values are kept; or why it cannot be asked."""
    assert column.computed is not None

    def copied(each: sa.Column[Any]) -> sa.Column[Any]:
        if each.computed is None:
            return sa.Column(each.name, plain_type(each.type))
        text = str(each.computed.sqltext.compile(dialect=connection.dialect, compile_kwargs={"literal_binds": True}))
        expression = sa.text(text.replace("%%", "%").replace(":", "\\:"))
        return sa.Column(each.name, plain_type(each.type), sa.Computed(expression, each.computed.persisted))

    # It may be computed from others that are computed.
    used = [each for each in model.columns if each.computed is None or each is column or is_word(each.name, column)]
    own = Table(NAME, MetaData(), *map(copied, used), prefixes=["TEMPORARY"])
    try:
        with for_a_moment(connection):
            own.create(connection)
            found = {each["name"]: each for each in inspect(connection).get_columns(NAME)}
    except SQLAlchemyError as error:
        return {}, str(getattr(error, "orig", None) or error).splitlines()[0]
    return computed(dict(found[column.name].get("computed") or {})), ""


def types_as_stored(
    connection: Connection, model: Table, names: Collection[str], options: Mapping[str, Any]
) -> tuple[dict[str, Any], str]:
    """What the server makes of the types of some columns, in a table with these options; or why it cannot be asked."""
    columns = [sa.Column(column.name, plain_type(column.type)) for column in model.columns if column.name in names]
    texts = {name.replace(" ", "_"): value for name, value in options.items() if name.endswith(("charset", "collate"))}
    own = Table(NAME, MetaData(), *columns, prefixes=["TEMPORARY"], **texts)
    try:
        with for_a_moment(connection):
            own.create(connection)
            made: dict[str, Any] = {each["name"]: each["type"] for each in inspect(connection).get_columns(NAME)}
            for (_, table, column), collation in dialect_of(connection.dialect.name).collations(connection).items():
                if table == NAME and hasattr(made[column], "collation"):
                    made[column].collation = collation
            return made, ""
    except SQLAlchemyError as error:
        return {}, str(getattr(error, "orig", None) or error).splitlines()[0]


def is_word(name: str, column: sa.Column[Any]) -> bool:
    """Whether a name stands in the expression of a computed column."""
    return (
        column.computed is not None
        and re.search(rf"(?<![\w$]){re.escape(name)}(?![\w$])", str(column.computed.sqltext)) is not None
    )


@contextmanager
def for_a_moment(connection: Connection) -> Iterator[None]:
    """Nothing that is made here stays; a temporary table of MySQL is dropped in its own way, which commits nothing."""
    if dialect_of(connection.dialect.name).ddl_rolls_back:
        with connection.begin_nested() as attempt:
            try:
                yield
            finally:
                attempt.rollback()
    else:
        try:
            yield
        finally:
            connection.exec_driver_sql(f"DROP TEMPORARY TABLE IF EXISTS {NAME}")


def columns_of(columns: Iterable[sa.Column[Any]]) -> list[sa.Column[Any]]:
    """The columns with their types and defaults, and nothing that needs other tables or types of their own."""
    found: list[sa.Column[Any]] = []
    for column in columns:
        default = column.server_default
        arg: Any = default.arg if isinstance(default, sa.DefaultClause) else None
        found.append(sa.Column(column.name, plain_type(column.type), nullable=True, server_default=arg))
    return found


def plain_type(type_: sa.types.TypeEngine[Any]) -> sa.types.TypeEngine[Any]:
    """The type without the events that create enum types."""
    if isinstance(type_, sa.Enum) and type_.name and type_.native_enum:
        from sqlalchemy.dialects import postgresql

        enum = postgresql.ENUM(*type_.enums, name=type_.name, schema=type_.schema, create_type=False)
        return sa.Enum(*type_.enums, name=type_.name, schema=type_.schema, create_constraint=False).with_variant(
            enum, "postgresql"
        )
    if hasattr(type_, "create_type"):  # a domain
        type_ = copy(type_)
        type_.create_type = False  # type: ignore[attr-defined]
    return type_


def as_text(check: CheckConstraint, connection: Connection) -> Any:
    """The condition of a check, with its values written out."""
    compiler = connection.dialect.statement_compiler(connection.dialect, None)
    written = compiler.process(check.sqltext, include_table=False, literal_binds=True)
    return sa.text(written.replace("%%", "%").replace(":", "\\:"))


def same_text(one: Any, other: Any) -> bool:
    """Whether two expressions are the same but for white space, outer parentheses, quotes of names and letters of keywords."""
    return plain(one) == plain(other)


def plain(text: Any) -> str | None:
    """An expression without what makes no difference; texts in it as they are."""
    if text is None:
        return None
    pieces = re.split(r"('(?:[^']|'')*')", str(text).strip())
    found = "".join(
        piece if n % 2 else re.sub(r"\s+", " ", re.sub(r'["`\[\]]', "", piece)).lower() for n, piece in enumerate(pieces)
    )
    found = re.sub(r"\s*([(),=<>!+*/-])\s*", r"\1", found).strip()
    while is_wrapped(found):
        found = found[1:-1].strip()
    return SYNONYMS.get(found, found)


def is_wrapped(text: str) -> bool:
    """Whether parentheses stand around all of a text."""
    if not (text.startswith("(") and text.endswith(")")):
        return False
    depth = 0
    for n, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return n == len(text) - 1
    return False


def without_casts(text: Any) -> str | None:
    """A default of PostgreSQL without the types that it names."""
    return None if text is None else re.sub(r"::(?:\"[^\"]*\"|[\w. ])+(?:\(\d+(?:,\d+)?\))?(?:\[\])?", "", str(text))
