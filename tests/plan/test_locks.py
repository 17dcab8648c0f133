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
    "CREATE POLICY own ON big USING (true)",
    "CREATE RULE quiet AS ON DELETE TO big DO INSTEAD NOTHING",
    "DROP RULE loud ON big",
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
    "create rule loud as on delete to big do also notify big",
    "create table far (id integer primary key)",
    "create table small (id integer, constraint key foreign key (id) references far)",
    "create table parted (id integer) partition by range (id)",
    "create table part partition of parted for values from (0) to (10)",
    "create table loose (id integer)",
    "create materialized view seen as select id from big",
    "create unique index on seen (id)",
]
OTHERS = {
    "ALTER TABLE small DROP CONSTRAINT key": (None, "far"),
    "DROP TABLE small": (None, "far"),
    "ALTER TABLE small ALTER COLUMN id TYPE bigint": (None, "far"),
    "ALTER TABLE far ALTER COLUMN id TYPE bigint": (None, "small"),
    "TRUNCATE loose, small": (None, "small"),
}
HELD = """
    select mode from pg_locks where pid = pg_backend_pid() and relation = to_regclass(:name)
    order by array_position(array['AccessShareLock', 'RowShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
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


@pytest.mark.parametrize("statement", [*OTHERS])
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_what_is_locked_as_well(database: Database, statement: str):
    for each in GIVEN:
        database.run(each)
    with database.engine.connect() as connection:
        effect = dialect_of("postgresql").effect_of(statement, Live(connection.dialect, connection))
        assert effect is not None
        assert effect.others == (OTHERS[statement],)
        connection.execute(sa.text(statement))
        assert connection.scalars(sa.text(HELD), {"name": effect.others[0][1]}).all() == ["AccessExclusiveLock"]
        connection.rollback()


@pytest.mark.parametrize(
    ("statement", "table"),
    [
        ("REINDEX SCHEMA public", "large"),
        ("REINDEX (VERBOSE) DATABASE", "large"),
        ("VACUUM FULL", "large"),
        ("VACUUM (ANALYZE, FULL)", "large"),
        ("VACUUM FULL big, large", "large"),
        ("REINDEX SCHEMA other", None),
        ("VACUUM (FULL off) big", None),
        ("VACUUM big", None),
    ],
)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_of_many_tables_the_largest_is_told_of(database: Database, statement: str, table: str | None):
    for each in [*GIVEN, "create table large as select generate_series(1, 1000) as id"]:
        database.run(each)
    with database.engine.connect() as connection:
        effect = dialect_of("postgresql").effect_of(statement, Live(connection.dialect, connection))
    assert (None if effect is None else effect.table) == (None if table is None else (None, table))
