"""What a statement of PostgreSQL locks, as pg_locks has it when the statement has been executed."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from kit.database import Database
from whimbrel.dialects import dialect_of
from whimbrel.hazards.live import Live

STATEMENTS = [
    "ALTER TABLE big ALTER COLUMN a SET STATISTICS 200",
    "ALTER TABLE big SET (fillfactor = 80)",
    "ALTER TABLE big DISABLE TRIGGER ALL",
    "ALTER TABLE BIG ALTER COLUMN A TYPE bigint",
    "ALTER TABLE big ADD COLUMN b integer",
    "ALTER TABLE big ALTER a DROP DEFAULT",
    "LOCK TABLE big",
    "CREATE INDEX ix ON big (a)",
    "TRUNCATE big",
    "REINDEX INDEX there",
    "REINDEX TABLE big",
    "DROP INDEX there",
    "LOCK big IN SHARE MODE",
    "LOCK TABLE ONLY big IN EXCLUSIVE MODE NOWAIT",
    "LOCK TABLE big, loose IN SHARE ROW EXCLUSIVE MODE",
    "ALTER TABLE parted ATTACH PARTITION loose FOR VALUES FROM (10) TO (20)",
    "CREATE TABLE another PARTITION OF parted FOR VALUES FROM (20) TO (30)",
    "ALTER TABLE parted DETACH PARTITION part",
    "ALTER DOMAIN years ADD CONSTRAINT c CHECK (VALUE > 0)",
    "ALTER DOMAIN years SET NOT NULL",
    "ALTER DOMAIN years VALIDATE CONSTRAINT later",
    "REFRESH MATERIALIZED VIEW seen",
    "REFRESH MATERIALIZED VIEW CONCURRENTLY seen",
]
GIVEN = [
    "create domain years as integer constraint later check (value < 9)",
    "create table big (id integer primary key, a integer, y years)",
    "create index there on big (a)",
    "create table parted (id integer) partition by range (id)",
    "create table part partition of parted for values from (0) to (10)",
    "create table loose (id integer)",
    "create materialized view seen as select id from big",
    "create unique index on seen (id)",
]
HELD = """
    select mode from pg_locks where pid = pg_backend_pid() and relation = to_regclass(:name)
    order by array_position(array['AccessShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
                                  'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], mode) desc limit 1
"""


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_lock_is_the_real_one(database: Database, statement: str):
    for each in GIVEN:
        database.run(each)
    with database.engine.connect() as connection:
        effect = dialect_of("postgresql").effect_of(statement, Live(connection.dialect, connection))
        assert effect is not None
        assert effect.table is not None
        connection.execute(sa.text(statement))
        (held,) = connection.scalars(sa.text(HELD), {"name": effect.table[1]}).all()
        connection.rollback()
    assert held.removesuffix("Lock").upper() == effect.lock.replace(" ", "").upper()
