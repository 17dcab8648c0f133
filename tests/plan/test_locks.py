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
]
HELD = """
    select mode from pg_locks where pid = pg_backend_pid() and relation = 'big'::regclass
    order by array_position(array['AccessShareLock', 'RowExclusiveLock', 'ShareUpdateExclusiveLock', 'ShareLock',
                                  'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock'], mode) desc limit 1
"""


@pytest.mark.parametrize("statement", STATEMENTS)
@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_lock_is_the_real_one(database: Database, statement: str):
    database.run("create table big (id integer primary key, a integer)")
    with database.engine.connect() as connection:
        effect = dialect_of("postgresql").effect_of(statement, Live(connection.dialect, connection))
        assert effect is not None
        connection.execute(sa.text(statement))
        (held,) = connection.scalars(sa.text(HELD)).all()
        connection.rollback()
    assert held.replace("Lock", "").upper() == effect.lock.replace(" ", "").upper()
