"""Whom a session of MySQL or MariaDB waits for, as far as the server tells.

Locks on tables are shown by the performance schema (MySQL: on by default; MariaDB: off) and by MariaDB's plugin
``metadata_lock_info`` (not installed by default). Without them only those can be named that are in a transaction. What a
session did last, while it sleeps, is known to the performance schema alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from ._sessions import Blocker

IS_WAITING = """
    select p.info from information_schema.processlist p
    where p.id = :session and p.command <> 'Sleep' and (p.state like '%lock%' or p.id in (
        select trx_mysql_thread_id from information_schema.innodb_trx where trx_state = 'LOCK WAIT'))
"""
IS_WAITING_FOR_A_TABLE = """
    select p.info from information_schema.processlist p
    where p.id = :session and p.command <> 'Sleep' and p.state like '%lock%'
"""
COLUMNS = "p.id, p.user, p.host, p.time, p.command, p.info, t.trx_started is not null as is_open"
AGE = "coalesce(timestampdiff(second, t.trx_started, now()), p.time) as age"
BY_PERFORMANCE_SCHEMA = f"""
    select distinct {COLUMNS}, {AGE}, s.sql_text as last
    from performance_schema.metadata_locks w
    join performance_schema.threads mine on mine.thread_id = w.owner_thread_id and mine.processlist_id = :session
    join performance_schema.metadata_locks h
      on h.object_type = w.object_type and h.object_schema <=> w.object_schema and h.object_name <=> w.object_name
     and h.lock_status = 'GRANTED' and h.owner_thread_id <> w.owner_thread_id
    join performance_schema.threads theirs on theirs.thread_id = h.owner_thread_id
    join information_schema.processlist p on p.id = theirs.processlist_id
    left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id
    left join performance_schema.events_statements_current s on s.thread_id = theirs.thread_id
    where w.lock_status = 'PENDING'
"""
BY_PLUGIN = f"""
    select distinct {COLUMNS}, {AGE}, null as last
    from information_schema.metadata_lock_info m
    join information_schema.processlist p on p.id = m.thread_id
    left join information_schema.innodb_trx t on t.trx_mysql_thread_id = p.id
    where m.table_schema = database() and m.lock_type = 'Table metadata lock' and p.id <> :session
      and locate(m.table_name, :statement) > 0
"""
BY_ROW_LOCKS = f"""
    select distinct {COLUMNS}, {AGE}, null as last
    from information_schema.innodb_lock_waits w
    join information_schema.innodb_trx mine on mine.trx_id = w.requesting_trx_id and mine.trx_mysql_thread_id = :session
    join information_schema.innodb_trx t on t.trx_id = w.blocking_trx_id
    join information_schema.processlist p on p.id = t.trx_mysql_thread_id
"""
BY_TRANSACTIONS = f"""
    select {COLUMNS}, {AGE}, null as last
    from information_schema.innodb_trx t join information_schema.processlist p on p.id = t.trx_mysql_thread_id
    where p.db = database() and p.id not in (:session, connection_id())
"""
BY_PROCESSES = """
    select p.id, p.user, p.host, p.time, p.command, p.info, false as is_open, p.time as age, null as last
    from information_schema.processlist p
    where p.db = database() and p.id not in (:session, connection_id()) and (p.command <> 'Sleep' or p.time > 0)
"""
SURE = (BY_PERFORMANCE_SCHEMA, BY_PLUGIN, BY_ROW_LOCKS)
PERHAPS = (BY_TRANSACTIONS, BY_PROCESSES)


def find_blockers(connection: Connection, session: int) -> tuple[Blocker, ...]:
    """Those that are known to block, else those that may, the oldest first; none where the session does not wait."""
    waiting = first_answer(connection, [IS_WAITING, IS_WAITING_FOR_A_TABLE], session=session)
    if not waiting:
        return ()
    statement = waiting[0][0] or ""
    for question in SURE:
        if found := first_answer(connection, [question], session=session, statement=statement):
            return blockers(found, is_sure=True)
    return blockers(first_answer(connection, PERHAPS, session=session), is_sure=False)


def first_answer(connection: Connection, questions: Sequence[str], **values: Any) -> list[Any]:
    """The rows of the first question that the server answers; it may not have the table, or not show it to this user."""
    for question in questions:
        asked = text(question)
        names = asked.compile().params
        try:
            return list(connection.execute(asked, {name: value for name, value in values.items() if name in names}))
        except DBAPIError as error:
            if error.connection_invalidated:
                raise
    return []


def blockers(rows: Sequence[Any], *, is_sure: bool) -> tuple[Blocker, ...]:
    """What a person is told about each."""
    found = [
        Blocker(
            row.id,
            row.user,
            row.host,
            float(row.age or 0),
            ("idle in transaction" if row.is_open else "idle") if row.command == "Sleep" else "at work",
            row.info or row.last,
            f"KILL {row.id}",
            is_sure,
        )
        for row in rows
    ]
    return tuple(sorted(found, key=lambda one: -one.seconds))
