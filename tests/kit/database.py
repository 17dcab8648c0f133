"""A fresh database, and the facts about it that tests compare."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

import pytest
import sqlalchemy as sa

EVERY = ("sqlite", "postgresql", "mariadb")


def on(*kinds: str) -> pytest.MarkDecorator:
    """Run a test on these kinds of database only."""
    return pytest.mark.parametrize("database", kinds, indirect=True)


class Database:
    """One database; what it holds is read past the code under test."""

    def __init__(self, kind: str, url: sa.URL) -> None:
        self.kind = kind
        self.address = url
        self.engine = sa.create_engine(url, poolclass=sa.NullPool)

    @property
    def url(self) -> str:
        # Not SQLAlchemy's own rendering: before 2.0.30 it left a percent sign in a password as it is.
        if self.address.password is None:
            return self.address.render_as_string()
        masked = self.address.set(password="MASKED").render_as_string(hide_password=False)
        return masked.replace(":MASKED@", f":{quote(str(self.address.password), safe='')}@", 1)

    def run(self, sql: str, **values: Any) -> list[tuple[Any, ...]]:
        """Execute and commit one statement; its rows, if it has any."""
        with self.engine.begin() as connection:
            result = connection.execute(sa.text(sql), values)
            return [tuple(row) for row in result] if result.returns_rows else []

    def quoted(self, name: str) -> str:
        return self.engine.dialect.identifier_preparer.quote(name)

    def rows(self, table: str) -> list[tuple[Any, ...]]:
        return sorted(self.run(f"select * from {self.quoted(table)}"), key=repr)

    def names(self) -> list[str]:
        """Every table but those of the journal."""
        return names_in(sa.inspect(self.engine))

    def tables(self) -> list[str]:
        """The tables of the application."""
        return [name for name in self.names() if not name.startswith("alembic_version")]

    def version(self, table: str = "alembic_version") -> list[str]:
        """The rows of the version table; none where there is no table."""
        return sorted(row[0] for row in self.run(f"select version_num from {table}")) if table in self.names() else []

    def columns(self, table: str) -> list[str]:
        return [column["name"] for column in sa.inspect(self.engine).get_columns(table)]

    def schema(self) -> dict[str, Any]:
        """The structure of every table, as far as SQLAlchemy reflects it."""
        with self.engine.connect() as connection:
            found = sa.inspect(connection)
            return {
                table: {
                    "columns": [column_facts(column) for column in found.get_columns(table)],
                    "primary key": found.get_pk_constraint(table)["constrained_columns"],
                    "foreign keys": in_order(found.get_foreign_keys(table)),
                    "unique": in_order(found.get_unique_constraints(table)),
                    "checks": in_order(found.get_check_constraints(table)),
                    "indexes": in_order(found.get_indexes(table)),
                }
                for table in names_in(found)
            }

    def contents(self) -> dict[str, list[tuple[Any, ...]]]:
        with self.engine.connect() as connection:
            return {
                table: sorted(map(tuple, connection.execute(sa.text(f"select * from {self.quoted(table)}"))), key=repr)
                for table in names_in(sa.inspect(connection))
            }

    def state(self) -> tuple[Any, ...]:
        """All that a refused command must leave alone."""
        return self.schema(), self.contents()


def names_in(found: sa.Inspector) -> list[str]:
    return sorted(name for name in found.get_table_names() if not name.startswith("whimbrel_"))


def column_facts(column: Any) -> tuple[Any, ...]:
    return column["name"], str(column["type"]), column["nullable"], column["default"]


def in_order(facts: Sequence[Any]) -> list[str]:
    return sorted(repr(sorted(fact.items(), key=lambda item: item[0])) for fact in facts)
