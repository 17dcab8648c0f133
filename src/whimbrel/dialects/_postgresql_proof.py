"""What a statement of PostgreSQL does with the rows of its table: tried on an empty copy, without any row.

Where the copy has another file afterwards, the table is written anew; where one of its indexes has, or there is one more, that is
built; where the server has begun to read the copy, it is read. The copy is made in a schema of its own, in a savepoint that is
rolled back; which locks a statement takes is in the manual. What mentions other tables is not tried: it would lock them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TypeAlias

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from ._effects import SESSION, Effect, Work
from ._postgresql_commands import NAME, NEW_PARTITION, PARTITION, name_of

ALTERS = re.compile(rf"(\s*ALTER\s+TABLE\s+(?:IF\s+EXISTS\s+)?(?:ONLY\s+)?)({NAME})", re.IGNORECASE)
OTHERS = re.compile(r"\bREFERENCES\b|\bPARTITION\b|\bINHERIT\b|\bSCHEMA\b|\bTABLESPACE\b|\bRENAME\b|\bTRIGGER\b", re.IGNORECASE)
STATE = text("""
    select pg_relation_filenode(t.oid), pg_stat_get_xact_numscans(t.oid),
        coalesce((select array_agg(pg_relation_filenode(indexrelid)) from pg_index where indrelid = t.oid), '{}')
    from (select cast(:name as regclass) as oid) t
""")
KEY = text("select pg_get_partkeydef(to_regclass(:name))")
PARENT = "partitioned_table"
NOT_VALID = text("select conname from pg_constraint where conrelid = cast(:name as regclass) and not convalidated")

State: TypeAlias = tuple[int, int, set[int]]

KINDS: dict[Work, dict[str, str]] = {
    "scan": {"new column": "not null", "alter": "check"},
    "build": {"new column": "unique", "alter": "unique"},
    "rewrite": {"new column": "volatile default", "alter": "rewrite"},
}
"""What a statement that looked harmless turns out to be where it does that."""


class Proof:
    """Tries statements on copies, one after the other as the run would."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.quote = connection.dialect.identifier_preparer.quote
        pid = connection.exec_driver_sql("select pg_backend_pid()").scalar_one()
        self.schema = f"whimbrel_proof_{pid}"
        self.tells_scans = connection.exec_driver_sql("select current_setting('track_counts')").scalar_one() == "on"
        self.copies: dict[tuple[str | None, str], str] = {}
        self.states: dict[str, State] = {}
        """The state of a copy since the last statement that was tried on it."""

    def of(self, statement: str, effect: Effect) -> Effect:
        """The effect as the server says; as it was where that cannot be tried."""
        if effect.kind == SESSION:
            self.set(statement)
            return effect
        if effect.kind == "attach":
            return self.of_partition(" ".join(statement.split()), effect)
        found = ALTERS.match(statement)
        if effect.table is None or found is None or OTHERS.search(statement):
            return effect
        try:
            with self.connection.begin_nested():
                copy = self.copies.get(effect.table) or self.copied(effect.table)
                before = self.states.pop(copy, None) or self.state_of(copy)
                tried = f"{found[1]}{copy}{statement[found.end() :]}"
                self.execute(tried.replace("%%", "%").replace("%", "%%"))
                after = self.state_of(copy)
        except SQLAlchemyError:
            return effect
        self.copies[effect.table] = copy
        self.states[copy] = after
        work = self.work_of(before, after)
        if work == effect.work:
            return replace(effect, is_proven=True)
        if not work and effect.work == "scan" and not self.tells_scans:
            return effect
        return replace(effect, kind=KINDS.get(work, {}).get(effect.kind, effect.kind), work=work, is_proven=True)

    def of_partition(self, statement: str, effect: Effect) -> Effect:
        """Which of a partition that comes and the default one is read: a check of theirs may say what belongs where."""
        found = PARTITION.match(statement) or NEW_PARTITION.match(statement)
        if found is None or not self.tells_scans:
            return effect
        is_new = found.re is NEW_PARTITION
        parent, table = (found[2], found[1]) if is_new else (found[1], found[3])
        copy, rest, read = f"{self.schema}.{PARENT}", statement[found.end() :], []
        self.states.clear()  # what is rolled back has been read all the same
        try:
            with self.connection.begin_nested() as attempt:
                key = self.connection.execute(KEY, {"name": parent}).scalar_one()
                self.execute(f"CREATE TABLE {copy} (LIKE {parent}) PARTITION BY {key}")
                copies = {}
                for each in (effect.table, *effect.others[1:]):
                    if each is not None and each != name_of(table):
                        copies[each] = self.copies.get(each) or self.copied(each)
                        self.execute(f"ALTER TABLE {copy} ATTACH PARTITION {copies[each]} DEFAULT")
                    elif each is not None and not is_new:
                        copies[each] = self.copies.get(each) or self.copied(each)
                before = {each: self.state_of(other)[1] for each, other in copies.items()}
                begin = f"CREATE TABLE {copy}_new PARTITION OF {copy}" if is_new else f"ALTER TABLE {copy} ATTACH PARTITION"
                self.execute(f"{begin} {'' if is_new else copies[name_of(table)]} {rest}")
                read = [each for each, other in copies.items() if self.state_of(other)[1] > before[each]]
                attempt.rollback()
        except SQLAlchemyError:
            return effect
        if effect.table in read:
            return replace(effect, is_proven=True)
        return replace(effect, table=read[0], is_proven=True) if read else replace(effect, work="", is_proven=True)

    def set(self, statement: str) -> None:
        """What the run sets for its session holds for what is tried from here on, until all is rolled back."""
        with suppress(SQLAlchemyError), self.connection.begin_nested():
            self.execute(statement)

    def copied(self, table: tuple[str | None, str]) -> str:
        """Make an empty copy; gives its name. What is not valid proves nothing: it would be valid on a table without rows."""
        name = ".".join(self.quote(part) for part in table if part)
        is_taken = any(other == table[1] for _, other in self.copies)
        copy = f"{self.schema}.{self.quote(f'{len(self.copies)}_{table[1]}'[:63] if is_taken else table[1])}"
        self.execute(f"CREATE TABLE {copy} (LIKE {name} INCLUDING ALL)")
        for constraint in self.connection.scalars(NOT_VALID, {"name": name}).all():
            self.execute(f"ALTER TABLE {copy} DROP CONSTRAINT IF EXISTS {self.quote(constraint)}")
        return copy

    def state_of(self, copy: str) -> State:
        """The file of a copy, how often it was read, and the files of its indexes."""
        file, scans, indexes = self.connection.execute(STATE, {"name": copy}).one()
        return file, scans, set(indexes)

    def work_of(self, before: State, after: State) -> Work:
        """What has been done between two states."""
        if before[0] != after[0]:
            return "rewrite"
        if after[2] - before[2]:
            return "build"
        return "scan" if after[1] > before[1] else ""

    def execute(self, statement: str) -> None:
        """Execute a statement."""
        self.connection.exec_driver_sql(statement).close()


@contextmanager
def proof(connection: Connection) -> Iterator[Proof | None]:
    """Copies for a while; none where no schema may be made."""
    with connection.begin_nested() as attempt:
        found: Proof | None = None
        try:
            with connection.begin_nested():
                found = Proof(connection)
                found.execute(f"CREATE SCHEMA {found.schema}")
                found.execute("SET LOCAL lock_timeout = '2s'")  # nobody is kept waiting by a plan, and it waits for nobody
        except SQLAlchemyError:
            found = None
        try:
            yield found
        finally:
            if attempt.is_active:
                attempt.rollback()
