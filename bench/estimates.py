"""How good the times of ``plan`` are: ``python bench/estimates.py postgresql|mariadb [ROWS]`` on a server of its own."""

from __future__ import annotations

import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
sys.path.insert(0, str(REPOSITORY / "tests"))

import sqlalchemy as sa  # noqa: E402

from kit import servers  # noqa: E402
from whimbrel.hazards.live import Live  # noqa: E402
from whimbrel.plan.effect import effect_of  # noqa: E402

TABLE = "create table t (id int primary key, a int, p int, s varchar(60), n decimal(10,2))"
FILL = {
    "postgresql": "insert into t select i, i, 1 + i %% 3, 'a text of some length ' || i, i / 7.0 from generate_series(1, {}) i",
    "mariadb": "insert into t select seq, seq, 1 + seq %% 3, concat('a text of some length ', seq), seq / 7 from seq_1_to_{}",
}
COMMON = (
    "CREATE INDEX i1 ON t (a)",
    "CREATE INDEX i2 ON t (s)",
    "ALTER TABLE t ADD CONSTRAINT u UNIQUE (id, a)",
    "ALTER TABLE t ADD CONSTRAINT c CHECK (a >= 0)",
    "ALTER TABLE t ADD CONSTRAINT f FOREIGN KEY (p) REFERENCES p (id)",
    "ALTER TABLE t ADD COLUMN z INT DEFAULT 5",
    "UPDATE t SET a = a + 1",
)
OWN = {
    "postgresql": (
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL",
        "ALTER TABLE t ALTER COLUMN a TYPE BIGINT",
        "ALTER TABLE t ALTER COLUMN n TYPE NUMERIC(12,3)",
        "ALTER TABLE t ADD COLUMN r DOUBLE PRECISION DEFAULT random()",
        "ALTER TABLE t ADD COLUMN g INT GENERATED ALWAYS AS (a + 1) STORED",
    ),
    "mariadb": (
        "ALTER TABLE t MODIFY a INT NOT NULL",
        "ALTER TABLE t MODIFY a BIGINT",
        "ALTER TABLE t MODIFY n DECIMAL(12,3)",
        "ALTER TABLE t MODIFY s VARCHAR(300)",
        "ALTER TABLE t DROP COLUMN s",
    ),
}


def main(kind: str, rows: int) -> None:
    with getattr(servers, kind)() as url:
        engine = sa.create_engine(url, isolation_level="AUTOCOMMIT")
        with engine.connect() as connection:
            connection.exec_driver_sql("create database estimates")
        engine = sa.create_engine(url.set(database="estimates"))
        with engine.begin() as connection:
            for sql in (
                "create table p (id int primary key)",
                "insert into p values (1),(2),(3)",
                TABLE,
                FILL[kind].format(rows),
            ):
                connection.exec_driver_sql(sql)
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.exec_driver_sql("vacuum analyze t" if kind == "postgresql" else "analyze table t")
        with engine.connect() as connection:
            for sql in (*COMMON, *OWN[kind]):
                effect = effect_of(sql, Live(connection.dialect, connection))
                connection.rollback()
                started = time.perf_counter()
                connection.exec_driver_sql(sql)
                real = time.perf_counter() - started
                connection.rollback()
                about = effect.seconds if effect and effect.seconds is not None else 0.0
                print(f"{sql:70} about {about:6.2f}  real {real:6.2f}", flush=True)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 5_000_000)
