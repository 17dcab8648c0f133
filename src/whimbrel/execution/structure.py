"""Whether a database has the structure that its history gives at some revision."""

from __future__ import annotations

import hashlib
import json
import os
import sys
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect
from sqlalchemy.schema import CreateSchema

from ..dialects import dialect_of
from ..errors import Refused, WhimbrelError
from ..revisions import paths
from ..revisions.graph import Graph
from ..schema.canonical import Facts, canonical, differences
from ..schema.snapshot import Key, take
from .env import Database
from .journal import Names
from .replay import replay
from .runner import Runner

FORMAT = 2
MOST_KEPT = 20
MOST_LISTED = 20


def refuse_difference(runner: Runner, heads: Collection[str], *, unchecked: str) -> str | None:
    """Raise Refused where a database has not the structure of these heads; why it could not be looked at, if so.

    unchecked: the option that goes on all the same.
    """
    lines, why_not = drift(runner, heads)
    if lines:
        raise Refused(
            f"The database is not what the revisions up to {' and '.join(sorted(heads))} make of it:\n" + listed(lines),
            state="Nothing has been changed.",
            hint=f"Run '{runner.project.command} upgrade' instead, or stamp the revision that it has; {unchecked} goes on.",
            data={"differences": lines},
        )
    return why_not


def drift(runner: Runner, heads: Collection[str]) -> tuple[list[str], str | None]:
    """In words what of a database is not what these heads make of an empty one; or why that could not be looked at."""
    try:
        wanted = expected(runner, heads)
    except Refused as error:
        return [], error.message
    if wanted is None:
        return [], "for that, a database for a while is needed, and none can be created here"
    found = structure(runner.database, connection_of(runner))
    lines = [line for line in differences(wanted, found) if not line.endswith("is there, and should not be") or ":" in line]
    return lines, None


def listed(lines: list[str]) -> str:
    """Differences on one screen."""
    more = [f"  … and {len(lines) - MOST_LISTED} more"] if len(lines) > MOST_LISTED else []
    return "\n".join([*(f"  {line}" for line in lines[:MOST_LISTED]), *more])


def connection_of(runner: Runner) -> Connection:
    """The connection of env.py."""
    assert runner.database.connection is not None
    return runner.database.connection


def structure(database: Database, connection: Connection) -> Facts:
    """What is there: the default schema and those that models name, without our own tables and the version table."""
    dialect = dialect_of(connection.dialect.name)
    foreign, version = dialect.tables_of_extensions(connection), database.context.table
    ours = Names(database.context.own_names)

    def leave_out(key: Key) -> bool:
        return key == (version.schema, version.name) or ours.include(key[1]) or key in foreign

    found = take(connection, schemas_of(database, connection), leave_out=leave_out)
    return canonical(found, connection.dialect)


def schemas_of(database: Database, connection: Connection) -> list[str | None]:
    """None for the default schema, and the others that models name."""
    metadatas: Any = database.context.opts.get("target_metadata") or ()
    every = metadatas if isinstance(metadatas, (list, tuple)) else [metadatas]
    named = {table.schema for each in every for table in each.tables.values()}
    return [None, *sorted(named - {None, connection.dialect.default_schema_name})]


def expected(runner: Runner, heads: Collection[str]) -> Facts | None:
    """What a history makes of an empty database, remembered for the next time; None where there is no database to try it on."""
    database, connection = runner.database, connection_of(runner)
    memory = Memory(runner.project.layout.script)
    key = memory.key(runner.graph, heads, database, connection)
    known = memory.recall(key)
    if known is not None:
        return known
    try:
        found = replayed(runner, database, heads, connection, [])
    except WhimbrelError:
        # Perhaps it uses schemas that somebody else has made.
        schemas = [each for each in schemas_of(database, connection) if each and inspect(connection).has_schema(each)]
        if not (schemas and dialect_of(connection.dialect.name).has_schemas_inside):
            raise
        found = replayed(runner, database, heads, connection, schemas)
    if found is not None:
        memory.keep(key, found)
    return found


def replayed(
    runner: Runner, database: Database, heads: Collection[str], connection: Connection, schemas: Collection[str]
) -> Facts | None:
    """What a history makes of a new database that has some schemas."""
    with dialect_of(connection.dialect.name).scratch(connection) as scratch:
        if scratch is None:
            return None
        for schema in schemas:
            scratch.execute(CreateSchema(schema))
            scratch.commit()
        replay(runner.project, runner.graph, database, heads, scratch)
        return structure(database, scratch)


class Memory:
    """The structures that were found before, in the ``__pycache__`` of the migrations folder: never needed, only faster."""

    def __init__(self, script: Path) -> None:
        self.path = script / "__pycache__" / "whimbrel-structures.json"

    def key(self, graph: Graph, heads: Collection[str], database: Database, connection: Connection) -> str:
        """What a structure depends on: the revisions and their code, the server, the name of the database in env.py."""
        path = paths.upgrade(graph, tuple(heads), ())
        parts = [connection.dialect.name, str(connection.dialect.server_version_info), database.name]
        parts += [f"{id}:{graph[id].checksum}" for id in path]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def read(self) -> dict[str, Facts]:
        """All of them."""
        try:
            stored = json.loads(self.path.read_bytes())
            return dict(stored["structures"]) if stored["format"] == FORMAT else {}
        except (OSError, ValueError, KeyError, TypeError):
            return {}

    def recall(self, key: str) -> Facts | None:
        """One of them."""
        return self.read().get(key)

    def keep(self, key: str, facts: Facts) -> None:
        """Remember one, where bytecode may be written too."""
        if sys.dont_write_bytecode or sys.pycache_prefix:
            return
        kept = dict(list(self.read().items())[-MOST_KEPT + 1 :]) | {key: facts}
        part = self.path.with_name(f"{self.path.name}.{os.getpid()}")
        try:
            self.path.parent.mkdir(exist_ok=True)
            part.write_text(json.dumps({"format": FORMAT, "structures": kept}), encoding="utf-8")
            os.replace(part, self.path)
        except OSError:  # a read-only installation
            with suppress(OSError):
                part.unlink()
