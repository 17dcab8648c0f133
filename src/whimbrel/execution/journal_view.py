"""The journal where a table would be in the way: in the text of views.

Tools that compare models with a database propose to drop each table that they do not know, but leave views alone. SQLite
has one schema only; it changes a view in the transaction of everything else, and a literal in a view costs next to
nothing when the schema is read.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from ..dialects import dialect_of
from .journal import Entry, Journal, Part
from .statement import Statement, packed, unpacked

MOST_ENTRIES = 100
MOST_CHARACTERS = 200_000
"""Of one view; the next entry makes a new one, because a view is written anew with each entry."""

STATE = ("id", "revision", "direction", "outcome", "checksum")


class ViewJournal(Journal):
    """Views, ``whimbrel_journal_1`` and so on, of one row: the states of some entries as JSON, their details compressed."""

    @property
    def key(self) -> str:
        """The version table that entries are about."""
        table = self.context.table
        return f"{table.schema}.{table.name}" if table.schema else table.name

    # -- views

    def views(self) -> list[str]:
        """Those of the entries, in order."""
        return self.named(self.names.entries)

    def named(self, beginning: str) -> list[str]:
        """The views with such names, in order."""
        name = beginning.replace("_", "!_")
        query = (
            f"select name from sqlite_master where type = 'view' and name like '{name}!_%' escape '!' order by length(name), name"
        )
        return list(self.connection.exec_driver_sql(query).scalars())

    def states_in(self, view: str) -> list[list[Any]]:
        """Version table, id, revision, direction, outcome and checksum of the entries in a view."""
        found: list[list[Any]] = json.loads(self.connection.exec_driver_sql(f"select entries from {view}").scalar_one())
        return found

    def rows_in(self, view: str) -> list[dict[str, Any]]:
        """Everything about the entries in a view."""
        return decompressed(self.connection.exec_driver_sql(f"select details from {view}").scalar_one())

    def write(self, view: str, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make a view say this."""
        states = json.dumps([[row["version_table"], *(row[name] for name in STATE)] for row in rows])
        self.replace(view, rows, entries=states, details=compressed(rows))

    def replace(self, view: str, rows: Sequence[Mapping[str, Any]], **texts: str) -> None:
        """Make a view of one row with these texts, if there is something to say; in one transaction, wherever we are."""
        execute = self.connection.exec_driver_sql
        alone = dialect_of(self.context.dialect.name).autocommits(self.connection.connection.dbapi_connection)
        if alone:
            execute("BEGIN IMMEDIATE")
        execute(f"drop view if exists {view}")
        if rows:
            columns = ", ".join(f"{literal(text)} as {name}" for name, text in texts.items())
            execute(f"create view {view} as select {columns}")
        if alone:
            execute("COMMIT")

    def view_of(self, id: int) -> str:
        """The view that an entry is in."""
        return next(view for view in reversed(self.views()) if any(state[1] == id for state in self.states_in(view)))

    # -- entries

    def prepare(self, *, parts: bool = False) -> None:
        """Nothing: a view is made with its first entry."""

    def states(self) -> Iterable[tuple[int, str, str, str, str | None]]:
        """From each view."""
        for view in self.views():
            for key, *state in self.states_in(view):
                if key == self.key:
                    yield tuple(state)

    def read(self, ids: Collection[int] | None = None) -> list[Entry]:
        """From each view."""
        rows = (row for view in self.views() for row in self.rows_in(view) if row["version_table"] == self.key)
        leave_out = ("version_table", "source")
        kept = (row for row in rows if ids is None or row["id"] in ids)
        return [Entry(**{name: value for name, value in row.items() if name not in leave_out}) for row in kept]

    def source(self, id: int) -> str | None:
        """From its view."""
        found: str | None = next(row["source"] for row in self.rows_in(self.view_of(id)) if row["id"] == id)
        return found

    def add(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Write the last view anew, or another one."""
        if rows:
            self.append(rows)

    def append(self, rows: Sequence[Mapping[str, Any]]) -> int:
        """Add rows; returns the id of the last one."""
        views = self.views()
        number = int(views[-1].rpartition("_")[2]) if views else 0
        kept = self.rows_in(views[-1]) if views else []
        last = max((row["id"] for row in kept), default=0)
        if not views or len(kept) >= MOST_ENTRIES or len(compressed(kept)) > MOST_CHARACTERS:
            number, kept = number + 1, []
        for row in rows:
            last += 1
            kept.append({"id": last, "version_table": self.key, **row})
        self.write(f"{self.names.entries}_{number}", kept)
        return last

    def start(self, row: Mapping[str, Any]) -> int:
        """As any entry."""
        return self.append([row])

    def change(self, id: int, **values: Any) -> None:
        """Write its view anew."""
        view = self.view_of(id)
        self.write(view, [{**row, **values} if row["id"] == id else row for row in self.rows_in(view)])

    def drop(self, id: int) -> None:
        """Write its view anew."""
        view = self.view_of(id)
        self.write(view, [row for row in self.rows_in(view) if row["id"] != id])

    def clear(self) -> None:
        """Write every view anew."""
        for view in self.views():
            self.write(view, [row for row in self.rows_in(view) if row["version_table"] != self.key])

    # -- parts, which are few and soon gone: all of them in one view

    def all_parts(self) -> list[dict[str, Any]]:
        """The parts of all entries."""
        found = self.named(self.names.parts)
        return decompressed(self.connection.exec_driver_sql(f"select details from {found[0]}").scalar_one()) if found else []

    def write_parts(self, rows: Sequence[Mapping[str, Any]]) -> None:
        """Make the view of the parts say this."""
        self.replace(f"{self.names.parts}_1", rows, details=compressed(rows))

    def parts_of(self, entry: int) -> list[Part]:
        """From the view."""
        rows = (row for row in self.all_parts() if row["entry"] == entry)
        return [Part(row["id"], row["state"], unpacked(row["statements"]), row["before"]) for row in rows]

    def add_part(self, entry: int, state: str, statements: Iterable[Statement], before: str | None = None) -> int:
        """Write the view anew."""
        rows = self.all_parts()
        id = max((row["id"] for row in rows), default=0) + 1
        self.write_parts([*rows, {"id": id, "entry": entry, "state": state, "statements": packed(statements), "before": before}])
        return id

    def change_part(self, id: int, *, statements: Iterable[Statement] | None = None, **values: Any) -> None:
        """Write the view anew."""
        values |= {} if statements is None else {"statements": packed(statements)}
        self.write_parts([{**row, **values} if row["id"] == id else row for row in self.all_parts()])

    def drop_part(self, id: int) -> None:
        """Write the view anew."""
        self.write_parts([row for row in self.all_parts() if row["id"] != id])

    def drop_parts(self, entry: int) -> None:
        """Write the view anew."""
        self.write_parts([row for row in self.all_parts() if row["entry"] != entry])


def compressed(rows: Sequence[Mapping[str, Any]]) -> str:
    """Rows as a short text."""
    return base64.b64encode(zlib.compress(json.dumps(rows).encode(), 3)).decode()


def decompressed(text: str) -> list[dict[str, Any]]:
    """The rows again."""
    found: list[dict[str, Any]] = json.loads(zlib.decompress(base64.b64decode(text)))
    return found


def literal(text: str) -> str:
    """A text as it stands in SQL; the driver is given no parameters, so that a percent sign is only that."""
    return "'" + text.replace("'", "''") + "'"
