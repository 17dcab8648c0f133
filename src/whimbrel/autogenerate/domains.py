"""PostgreSQL's domains: made with their first user, dropped with the last one. What is in them is not compared."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from alembic.operations import ops
from sqlalchemy import Column, Connection, Table, inspect
from sqlalchemy.dialects.postgresql import DOMAIN, CreateDomainType

from ..schema.snapshot import Key, Snapshot
from ..schema.text import quoted_name
from .enums import all_go
from .operations import Execute
from .renames import shown

Domains = dict[Key, DOMAIN]


def add_domains(upgrade: ops.UpgradeOps, models: Mapping[Key, Table], snapshot: Snapshot, connection: Connection) -> None:
    """A statement for each that comes or goes; files say of tables that they shall not make them by the way."""
    default = connection.dialect.default_schema_name
    wanted = domains_in((column for model in models.values() for column in model.columns), default)
    places = [(key, Column(each["name"], each["type"])) for key in snapshot for each in snapshot.of("columns", key)]
    used = domains_in((column for _, column in places), default)
    if not wanted and not used:
        return
    inspector: Any = inspect(connection)
    there = {(None if each["schema"] == default else each["schema"], each["name"]) for each in inspector.get_domains(schema="*")}
    first: list[ops.MigrateOperation] = []
    last: list[ops.MigrateOperation] = []
    for key, type_ in wanted.items():
        if key not in there:
            made, gone = statements(key, type_, connection)
            first.append(Execute(made, gone, words=f"domain {shown(key)}: new"))
    for key, type_ in used.items():
        users = [(table, column.name) for table, column in places if key in domains_in([column], default)]
        if key not in wanted and all_go(users, upgrade):
            made, gone = statements(key, type_, connection)
            last.append(Execute(gone, made, words=f"domain {shown(key)}: dropped with its last user"))
    upgrade.ops[:] = [*first, *upgrade.ops, *last]


def domains_in(columns: Iterable[Column[Any]], default: str | None) -> Domains:
    """The domains of some columns."""
    types = (each.type for each in columns if isinstance(each.type, DOMAIN))
    return {(None if type_.schema == default else type_.schema, str(type_.name)): type_ for type_ in types}


def statements(key: Key, type_: DOMAIN, connection: Connection) -> tuple[str, str]:
    """CREATE and DROP DOMAIN."""
    preparer = connection.dialect.identifier_preparer
    name = quoted_name(key, preparer)
    return str(CreateDomainType(type_).compile(dialect=connection.dialect)).strip(), f"DROP DOMAIN {name}"
