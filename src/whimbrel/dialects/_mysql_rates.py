"""How fast MariaDB works: measured with a temporary table, and with one of a database for a while.

CREATE INDEX copies a temporary table, which takes several times as long as it does beside the use of another one.
"""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import replace

from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError

from ._rates import MARIADB, Rates

ROWS = 50_000
"""As many as a slow server deals with in less than a second."""
MAKE = (
    "create {} whimbrel_probe (a int, b varchar(60)) engine=InnoDB"
    f" select seq as a, concat('a text of some length ', seq) as b from seq_1_to_{ROWS}"
)
TEMPORARY = replace(MARIADB, make=MAKE.format("temporary table"), size=f"select {ROWS} * 70")


def measured(connection: Connection, scratch: Connection | None) -> Rates | None:
    """How fast the server is. scratch: a connection to a database for a while, where there may be one."""
    found = TEMPORARY.measure(connection)
    if found is None or scratch is None:
        return found
    with suppress(SQLAlchemyError):
        return {**found, "build": rate_of_builds(scratch) or found["build"]}
    return found


def rate_of_builds(scratch: Connection) -> float | None:
    """Bytes of a table in a second for a new index."""
    execute = scratch.exec_driver_sql
    execute(MAKE.format("table"))
    size = float(execute(TEMPORARY.size).scalar_one())
    started = time.perf_counter()
    execute(TEMPORARY.build)
    return size / max(time.perf_counter() - started, 1e-4)
