"""An Inspector that answers from a snapshot."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from sqlalchemy import Connection, Table, inspect
from sqlalchemy.exc import NoSuchTableError

from .snapshot import FACTS, Key, Snapshot
from .text import escaped


class FromSnapshot:
    """What is mixed into the Inspector of a dialect; what the snapshot does not have is asked of the database."""

    snapshot: Snapshot
    bind: Any
    left_out: Collection[Key] = ()
    """Tables that are not among those that are listed."""

    def get_table_names(self, schema: str | None = None, **kw: Any) -> list[str]:
        """The names of the tables."""
        if schema in self.snapshot.tables:
            return [name for name in self.snapshot.tables[schema] if (schema, name) not in self.left_out]
        names: list[str] = super().get_table_names(schema=schema, **kw)  # type: ignore[misc]
        return names

    def reflect_table(
        self, table: Table, include_columns: Any = None, exclude_columns: Any = (), resolve_fks: bool = True, **kw: Any
    ) -> None:
        """As the Inspector; the tables that one references come from the snapshot, too, where SQLAlchemy asks the database."""
        whole: Any = super()
        whole.reflect_table(table, include_columns, exclude_columns, resolve_fks=False, **kw)
        for each in self.snapshot.of("foreign_keys", (table.schema, table.name)) if resolve_fks else ():
            schema, name = each["referred_schema"], each["referred_table"]
            if (f"{schema}.{name}" if schema else name) in table.metadata.tables:
                continue
            if self.snapshot.has((schema, name)):
                self.reflect_table(Table(name, table.metadata, schema=schema))
            else:
                Table(name, table.metadata, schema=schema, autoload_with=self.bind)

    def has_table(self, table_name: str, schema: str | None = None, **kw: Any) -> bool:
        """Whether there is that table."""
        return self.snapshot.has((schema, table_name)) or bool(super().has_table(table_name, schema=schema, **kw))  # type: ignore[misc]


def told(fact: str, snapshot: Snapshot, key: Key) -> Any:
    """A fact as it is told: SQLAlchemy makes a ``text()`` of defaults and expressions, and looks for parameters in it."""
    found = snapshot.of(fact, key)
    for each in found if fact == "columns" else ():
        if isinstance(each.get("default"), str):
            each["default"] = escaped(each["default"])
        if each.get("computed"):
            each["computed"] = {**each["computed"], "sqltext": escaped(str(each["computed"]["sqltext"]))}
    return found


def of_one(fact: str) -> Any:
    """The method ``get_<fact>``."""

    def get(self: Any, table_name: str, schema: str | None = None, **kw: Any) -> Any:
        snapshot: Snapshot = self.snapshot
        if schema not in snapshot.tables:
            return getattr(super(FromSnapshot, self), f"get_{fact}")(table_name, schema=schema, **kw)
        if fact not in snapshot.facts:
            raise NotImplementedError
        if not snapshot.has((schema, table_name)):
            raise NoSuchTableError(table_name)
        return told(fact, snapshot, (schema, table_name))

    return get


def of_many(fact: str) -> Any:
    """The method ``get_multi_<fact>``."""

    def get_multi(self: Any, schema: str | None = None, filter_names: Collection[str] | None = None, **kw: Any) -> Any:
        snapshot: Snapshot = self.snapshot
        if schema not in snapshot.tables:
            return getattr(super(FromSnapshot, self), f"get_multi_{fact}")(schema=schema, filter_names=filter_names, **kw)
        if fact not in snapshot.facts:
            raise NotImplementedError
        wanted: Collection[str] = snapshot.tables[schema] if filter_names is None else filter_names
        keys: list[Key] = [(schema, name) for name in wanted if snapshot.has((schema, name))]
        return {key: told(fact, snapshot, key) for key in keys}

    return get_multi


for each in FACTS:
    for name, method in ((f"get_{each}", of_one(each)), (f"get_multi_{each}", of_many(each))):
        method.__name__ = name  # Alembic asks for it, where there are more than a hundred tables
        setattr(FromSnapshot, name, method)


def inspector_of(connection: Connection, snapshot: Snapshot) -> Any:
    """An Inspector of that connection which answers from a snapshot."""
    real = inspect(connection)
    cls: Any = type("SnapshotInspector", (FromSnapshot, type(real)), {})
    made = cls.__new__(cls)
    made.__dict__.update(vars(real))
    made.snapshot = snapshot
    return made
