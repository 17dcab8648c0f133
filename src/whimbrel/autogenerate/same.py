"""Tables that are plainly what their models say: nobody has to look at them any closer.

Most tables have not changed since the last look. What is compared here is compared as strictly as text: wherever the two are
not alike to the letter, or there is more to a table than this knows of, Alembic and the rest of this package compare it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy import Table, UniqueConstraint

from ..schema.snapshot import Key, Snapshot
from .names import checks_of
from .options import differing
from .stored import same_text

SYNONYMS = {
    "postgresql": ((r"FLOAT", "DOUBLE PRECISION"),),
    "mysql": (
        (r"((?:TINY|SMALL|MEDIUM|BIG)?INT(?:EGER)?)\((?!1\))\d+\)", r"\1"),
        (r"NUMERIC\b", "DECIMAL"),
        (r"BOOL", "TINYINT(1)"),
    ),
}
"""Other names of types, by dialect: they are read back under the second one (manuals, "Data Types")."""
DELICATE = (sa.Enum, sa.types.TypeDecorator, sa.types.UserDefinedType, sa.ARRAY)
"""Types of which the text does not say all."""


class Sameness:
    """Compares models with a snapshot of one database."""

    def __init__(self, snapshot: Snapshot, dialect: Any) -> None:
        self.snapshot = snapshot
        self.dialect = dialect
        self.types: dict[Any, str] = {}

    def of(self, key: Key, model: Table) -> bool:
        """Whether a table is plainly what its model says."""
        snapshot = self.snapshot
        if not snapshot.has(key) or snapshot.of("check_constraints", key):
            return False
        if any(differing(snapshot.of("table_options", key), model, self.dialect.name)):
            return False
        if checks_of(model):
            return False
        if self.dialect.supports_comments and (snapshot.of("table_comment", key).get("text") or None) != (model.comment or None):
            return False
        return self.columns(key, model) and self.keys(key, model) and self.uniques(key, model) and self.indexes(key, model)

    # -- columns

    def columns(self, key: Key, model: Table) -> bool:
        """The same columns, in whatever order."""
        there = {each["name"]: each for each in self.snapshot.facts["columns"][key]}
        return len(there) == len(model.columns) and all(
            column.name in there and self.column(there[column.name], column) for column in model.columns
        )

    def column(self, there: dict[str, Any], column: sa.Column[Any]) -> bool:
        """The same type, nullability, default and comment; nothing that the server makes itself."""
        if there.get("computed") or there.get("identity") or column.computed is not None or column.identity is not None:
            return False
        if bool(there["nullable"]) != bool(column.nullable) or isinstance(column.type, DELICATE):
            return False
        if self.dialect.supports_comments and (there.get("comment") or None) != (column.comment or None):
            return False
        return self.default(there, column) and self.type_of(there["type"]) == self.type_of(column.type)

    def default(self, there: dict[str, Any], column: sa.Column[Any]) -> bool:
        """No default in both, or the same plain text."""
        wanted = column.server_default
        if wanted is None or there.get("default") is None:
            return wanted is None and there.get("default") is None
        if not isinstance(wanted, sa.DefaultClause) or not isinstance(wanted.arg, str):
            return False
        return same_text("'" + wanted.arg.replace("'", "''") + "'", there["default"])

    def type_of(self, type_: Any) -> str:
        """A type as this database writes it; asked once for all that are made alike."""
        key: Any = (type(type_), *vars(type_).values())
        try:
            return self.types[key]
        except KeyError:
            pass
        except TypeError:  # something in it that cannot be compared
            key = type_
        found = self.types[key] = type_text(type_, self.dialect) or f"?{id(type_)}"
        return found

    # -- keys, constraints, indexes

    def keys(self, key: Key, model: Table) -> bool:
        """The same primary key, and the same foreign keys."""
        primary = self.snapshot.of("pk_constraint", key).get("constrained_columns") or []
        if list(primary) != [column.name for column in model.primary_key.columns]:
            return False
        default = self.dialect.default_schema_name
        wanted = []
        for each in model.foreign_key_constraints:
            if each.deferrable or each.initially or each.match:
                return False
            targets = [element.target_fullname.rpartition(".") for element in each.elements]
            schema, _, table = targets[0][0].rpartition(".")
            actions = tuple((action or "").upper() for action in (each.ondelete, each.onupdate))
            where = (None if schema in ("", default) else schema, table, tuple(column for _, _, column in targets))
            wanted.append((each.name, (tuple(column.name for column in each.columns), *where, actions)))
        there = []
        for known in self.snapshot.of("foreign_keys", key):
            options = known.get("options") or {}
            if set(options) - {"ondelete", "onupdate"}:
                return False
            actions = tuple(str(options.get(name) or "").upper() for name in ("ondelete", "onupdate"))
            target = (known["referred_schema"], known["referred_table"], tuple(known["referred_columns"]))
            there.append((known["name"], (tuple(known["constrained_columns"]), *target, actions)))
        return is_matched(wanted, there)

    def uniques(self, key: Key, model: Table) -> bool:
        """The same unique constraints."""
        wanted = []
        for each in model.constraints:
            if isinstance(each, UniqueConstraint):
                if each.deferrable or each.initially or each.dialect_kwargs:
                    return False
                wanted.append((each.name, tuple(column.name for column in each.columns)))
        there = [(each["name"], tuple(each["column_names"])) for each in self.snapshot.of("unique_constraints", key)]
        return is_matched(wanted, there)

    def indexes(self, key: Key, model: Table) -> bool:
        """The same indexes, over columns only; those that come with constraints left out."""
        wanted = []
        for index in model.indexes:
            if index.dialect_kwargs or not all(isinstance(each, sa.Column) for each in index.expressions):
                return False
            wanted.append((index.name, (tuple(column.name for column in index.columns), bool(index.unique))))
        constraints = {each["name"] for each in self.snapshot.of("unique_constraints", key)}
        if self.dialect.name in ("mysql", "mariadb"):
            constraints |= {each["name"] for each in self.snapshot.of("foreign_keys", key)}
        there = []
        for each in self.snapshot.of("indexes", key):
            if each.get("duplicates_constraint") or each["name"] in constraints:
                continue
            options = (each.get("dialect_options") or {}).values()
            if each.get("expressions") or each.get("column_sorting") or not all(map(is_nothing, options)):
                return False
            there.append((each["name"], (tuple(each["column_names"]), bool(each["unique"]))))
        return is_matched(wanted, there)


def type_text(type_: Any, dialect: Any) -> str | None:
    """A type as a database writes it, under its usual name; None for one that this database does not have."""
    try:
        found = str(type_.compile(dialect=dialect))
    except Exception:  # whatever a type of an application raises
        return None
    for other, usual in SYNONYMS.get("mysql" if dialect.name == "mariadb" else dialect.name, ()):
        found = re.sub(rf"\A{other}", usual, found)
    return found


def is_nothing(value: Any) -> bool:
    """Whether an option is not set."""
    return value is None or value is False or (isinstance(value, (str, list, tuple, dict)) and not value)


def is_matched(wanted: Iterable[tuple[Any, Any]], there: list[tuple[Any, Any]]) -> bool:
    """Whether each wanted thing is there once, under its name if it has one, and nothing else is."""
    left = list(there)
    for name, facts in wanted:
        found = next((each for each in left if each[1] == facts and (name is None or str(name) == each[0])), None)
        if found is None:
            return False
        left.remove(found)
    return not left
