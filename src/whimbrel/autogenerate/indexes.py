"""What Alembic does not see of indexes: their conditions, order, methods and options, compared as the server writes them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import sqlalchemy as sa
from alembic.operations import ops
from sqlalchemy import Connection, MetaData, Table
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.schema import CreateIndex

from ..dialects import Dialect
from ..schema.snapshot import Key, Snapshot
from ..schema.text import quoted_name
from .expressions import ordered
from .operations import Execute
from .stored import NAME, columns_of, for_a_moment, plain

WHERE = re.compile(r"\)\s*WHERE\s+(.*)\Z", re.IGNORECASE | re.DOTALL)


def compare_as_written(
    upgrade: ops.UpgradeOps, models: Mapping[Key, Table], snapshot: Snapshot, dialect: Dialect, connection: Connection
) -> None:
    """Where the server writes indexes down: take out changes that are none, and add those that nobody saw."""
    texts = dialect.index_texts(connection)
    if texts is None:
        return
    for key, model in models.items():
        names = {each["name"] for each in snapshot.of("indexes", key)}
        there = [index for index in model.indexes if str(index.name) in names]
        doubtful = [index for index in there if is_special(index) or is_special_text(texts.get((key, str(index.name)), ""))]
        if not doubtful:
            continue
        wanted = as_stored(connection, model, doubtful)
        for index in doubtful:
            said, known = wanted.get(str(index.name)), texts.get((key, str(index.name)))
            if said is None or known is None:
                continue  # the server could not be asked; or Alembic is right that it is another one
            seen = about(upgrade, key, str(index.name))
            if tail(known) == tail(said):
                leave_out(upgrade, seen)
            elif not seen:
                replace(upgrade, key, index, known, f"DROP INDEX {quoted(connection, key, str(index.name))}")

    def text_of(key: Key, name: str) -> tuple[str, str] | None:
        text = texts.get((key, name), "")
        return (f"DROP INDEX {quoted(connection, key, name)}", text) if is_special_text(text) else None

    keep_text_on_the_way_back(upgrade, text_of)


def compare_by_text(
    upgrade: ops.UpgradeOps,
    models: Mapping[Key, Table],
    snapshot: Snapshot,
    connection: Connection,
    texts: Mapping[str, tuple[str, str]],
    orders: Mapping[tuple[str, str], list[bool]] | None,
) -> None:
    """Where SQLAlchemy tells of the columns only: conditions, as far as there are texts, and the order of each column."""
    for key, model in models.items():
        there = {each["name"]: each for each in snapshot.of("indexes", key)}
        for index in model.indexes:
            name = str(index.name)
            known = there.get(name)
            if known is None or about(upgrade, key, name) or bool(known.get("unique")) != bool(index.unique):
                continue
            columns, flags = ordered(index), (orders or {}).get((key[1], name))
            if [column for column, _ in columns] != known["column_names"]:
                continue
            text = texts[name][1] if name in texts else written(connection, key, known, flags or [])
            same_order = flags is None or [flag for _, flag in columns] == flags
            wanted = str(CreateIndex(index).compile(dialect=connection.dialect))
            if not same_order or (name in texts and condition(text) != condition(wanted)):
                replace(upgrade, key, index, text, dropping(connection, key, name))

    def text_of(key: Key, name: str) -> tuple[str, str] | None:
        known = next((each for each in snapshot.of("indexes", key) if each["name"] == name), None)
        flags = (orders or {}).get((key[1], name), [])
        if known is None or not any(flags):
            return None
        text = texts[name][1] if name in texts else written(connection, key, known, flags)
        return dropping(connection, key, name), text

    keep_text_on_the_way_back(upgrade, text_of)


def keep_text_on_the_way_back(upgrade: ops.UpgradeOps, text_of: Callable[[Key, str], tuple[str, str] | None]) -> None:
    """An index that is dropped comes back as it was, where Alembic does not know all of it.

    text_of: DROP INDEX and CREATE INDEX by table and name; None where Alembic knows enough.
    """
    found: list[ops.MigrateOperation] = []
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            for each in list(op.ops):
                name = str(getattr(each, "index_name", ""))
                texts = text_of((op.schema, op.table_name), name) if isinstance(each, ops.DropIndexOp) else None
                if texts is not None:
                    # By itself: a batch does what it has collected at its end.
                    found.append(Execute(*texts, words=f"{op.table_name}: index {name} dropped"))
                    op.ops.remove(each)
        if not isinstance(op, ops.ModifyTableOps) or op.ops:
            found.append(op)
    upgrade.ops[:] = found


def leave_empty_indexes_alone(upgrade: ops.UpgradeOps, models: Mapping[Key, Table]) -> list[str]:
    """Take out what cannot be created: an index of a model over nothing. In words which."""
    found = []
    for key, model in models.items():
        for index in model.indexes:
            if not list(index.expressions):
                seen = about(upgrade, key, str(index.name))
                leave_out(upgrade, seen)
                found += [f"{key[1]}: index {index.name}: in the models it has no columns"] if seen else []
    return found


def as_stored(connection: Connection, model: Table, indexes: list[sa.Index]) -> dict[str, str]:
    """What the server writes of some indexes of a model; none where it cannot be asked. Nothing of it stays."""
    copy = Table(NAME, MetaData(), *columns_of(model.columns), prefixes=["TEMPORARY"])
    names = {f"whimbrel_index_{n}": index for n, index in enumerate(indexes)}
    try:
        with for_a_moment(connection):
            copy.create(connection)
            for name, index in names.items():
                head = "CREATE UNIQUE INDEX" if index.unique else "CREATE INDEX"
                connection.exec_driver_sql(f"{head} {name} ON {NAME} {body(index, connection)}")
            query = sa.text("select indexname, indexdef from pg_indexes where tablename = :name")
            rows = connection.execute(query, {"name": NAME}).all()
    except SQLAlchemyError:
        return {}
    return {str(names[name].name): text for name, text in rows if name in names}


def body(index: sa.Index, connection: Connection) -> str:
    """What follows the name of the table in the CREATE INDEX of a model."""
    assert index.table is not None
    statement = str(CreateIndex(index).compile(dialect=connection.dialect))
    table = connection.dialect.identifier_preparer.format_table(index.table)
    return statement.split(f" ON {table} ", 1)[1]


def is_special(index: sa.Index) -> bool:
    """Whether an index of a model is about more than columns in their usual order."""
    own = [value for name, value in index.dialect_kwargs.items() if name.startswith("postgresql_") and "concurrently" not in name]
    return any(value is not None and value not in (False, {}, [], ()) for value in own) or any(
        name is None or is_descending for name, is_descending in ordered(index)
    )


def is_special_text(text: str) -> bool:
    """Whether the text of an index says more than columns in their usual order."""
    return (
        text != "" and re.fullmatch(r'.*\bUSING btree \((?:"[^"]*"|[\w$]+)(?:, (?:"[^"]*"|[\w$]+))*\)', text, re.DOTALL) is None
    )


def tail(text: str) -> str:
    """What an index is, whatever it and its table are called."""
    unique = "UNIQUE " if re.match(r"\s*CREATE\s+UNIQUE\b", text, re.IGNORECASE) else ""
    return unique + re.split(r"\bUSING\b", text, maxsplit=1)[-1].strip()


def about(upgrade: ops.UpgradeOps, key: Key, name: str) -> list[ops.MigrateOperation]:
    """What is done to an index already."""
    return [
        each
        for op in upgrade.ops
        if isinstance(op, ops.ModifyTableOps) and (op.schema, op.table_name) == key
        for each in op.ops
        if isinstance(each, (ops.CreateIndexOp, ops.DropIndexOp)) and each.index_name == name
    ]


def leave_out(upgrade: ops.UpgradeOps, seen: list[ops.MigrateOperation]) -> None:
    """Take operations out."""
    for op in upgrade.ops:
        if isinstance(op, ops.ModifyTableOps):
            op.ops = [each for each in op.ops if all(each is not other for other in seen)]
    upgrade.ops[:] = [op for op in upgrade.ops if not (isinstance(op, ops.ModifyTableOps) and not op.ops)]


def replace(upgrade: ops.UpgradeOps, key: Key, index: sa.Index, text: str, drop: str) -> None:
    """An index of the same name takes the place of another one."""
    upgrade.ops.append(Execute(drop, text, words=f"{key[1]}: index {index.name} dropped, for it is another one now"))
    upgrade.ops.append(ops.ModifyTableOps(key[1], [ops.CreateIndexOp.from_index(index)], schema=key[0]))


def condition(text: str) -> str | None:
    """The condition of a partial index."""
    found = WHERE.search(text)
    return plain(found[1]) if found else None


def dropping(connection: Connection, key: Key, name: str) -> str:
    """DROP INDEX."""
    preparer = connection.dialect.identifier_preparer
    on = f" ON {preparer.quote(key[1])}" if connection.dialect.name in ("mysql", "mariadb") else ""
    return f"DROP INDEX {preparer.quote(name)}{on}"


def quoted(connection: Connection, key: Key, name: str) -> str:
    """An index with its schema."""
    return quoted_name((key[0], name), connection.dialect.identifier_preparer)


def written(connection: Connection, key: Key, index: Mapping[str, Any], flags: list[bool]) -> str:
    """CREATE INDEX for one that is known by its columns and their order."""
    preparer = connection.dialect.identifier_preparer
    columns = [
        preparer.quote(str(name)) + (" DESC" if flag else "")
        for name, flag in zip(index["column_names"], [*flags, *([False] * len(index["column_names"]))], strict=False)
    ]
    unique = "UNIQUE " if index.get("unique") else ""
    return f"CREATE {unique}INDEX {preparer.quote(index['name'])} ON {preparer.quote(key[1])} ({', '.join(columns)})"
