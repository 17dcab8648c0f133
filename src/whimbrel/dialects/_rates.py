"""How fast a server reads, indexes and writes: measured with a temporary table of some megabytes."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from sqlalchemy import Connection

ROWS = 150_000
Rates = Mapping[str, float]
"""Bytes in a second for each kind of work."""
USUAL: Rates = {"scan": 400 << 20, "build": 60 << 20, "rewrite": 40 << 20, "rows": 10 << 20}
"""Bytes in a second, where nothing was measured: a small server."""


@dataclass(frozen=True)
class Probe:
    """The statements that are timed. make: creates the table ``whimbrel_probe`` with ROWS rows; size: asks for its bytes.

    server: asks which server this is, whatever address it was reached at.
    """

    server: str
    make: str
    size: str
    scan: str
    build: str
    rewrite: str
    rows: str
    drop: str

    def measure(self, connection: Connection) -> Rates | None:
        """Bytes in a second for each kind of work; None where the table has no size."""
        execute = connection.exec_driver_sql
        execute(self.make)
        try:
            size = float(execute(self.size).scalar_one() or 0)
            found = {}
            for work in ("scan", "build", "rewrite", "rows"):
                started = time.perf_counter()
                execute(getattr(self, work))
                found[work] = size / max(time.perf_counter() - started, 1e-4)
            return found if size else None
        finally:
            execute(self.drop)


POSTGRESQL = Probe(
    server="select current_setting('port'), extract(epoch from pg_postmaster_start_time())",
    make="create temporary table whimbrel_probe as select i as a, 'a text of some length ' || i as b"
    f" from generate_series(1, {ROWS}) i",
    size="select pg_total_relation_size('whimbrel_probe')",
    scan="select 1 from whimbrel_probe where a is null",
    build="create index on whimbrel_probe (a)",
    rewrite="alter table whimbrel_probe alter column a type bigint",
    rows="update whimbrel_probe set a = a + 1",
    drop="drop table whimbrel_probe",
)
MARIADB = Probe(
    server="select @@hostname, @@port, @@datadir",
    make="create temporary table whimbrel_probe (a int, b varchar(60)) engine=InnoDB"
    f" select seq as a, concat('a text of some length ', seq) as b from seq_1_to_{ROWS}",
    size=f"select {ROWS} * 70",
    scan="select 1 from whimbrel_probe where a is null",
    build="create index i on whimbrel_probe (a)",
    rewrite="alter table whimbrel_probe modify a bigint",
    rows="update whimbrel_probe set a = a + 1",
    drop="drop temporary table if exists whimbrel_probe",
)
