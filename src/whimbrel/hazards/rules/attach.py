"""A table becomes a partition, and is read whole while nobody may use it.

PostgreSQL looks whether its rows belong there. Add a check that says so as ``NOT VALID``, validate it in a revision of its own,
and then attach the table: the check is taken for proof.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

SAFE = "ALTER TABLE … ADD CONSTRAINT … CHECK (…) NOT VALID, VALIDATE CONSTRAINT in another revision, then ATTACH PARTITION"

rule = Rule(
    code="attach-scan",
    severity="lock",
    why="ATTACH PARTITION holds ACCESS EXCLUSIVE on the table while it looks at every row.",
    look=waits("attach", safe=lambda case: SAFE),
    given=(
        "CREATE TABLE visit (id integer NOT NULL) PARTITION BY RANGE (id)",
        "CREATE TABLE visit_1 (id integer NOT NULL)",
        "CREATE TABLE visit_2 (id integer NOT NULL, CHECK (id >= 100 AND id < 200))",
        "INSERT INTO visit_1 VALUES (1)",
        "INSERT INTO visit_2 VALUES (101)",
    ),
    bad='op.execute("ALTER TABLE visit ATTACH PARTITION visit_1 FOR VALUES FROM (0) TO (100)")',
    good='op.execute("ALTER TABLE visit ATTACH PARTITION visit_2 FOR VALUES FROM (100) TO (200)")',
    on=("postgresql",),
)
