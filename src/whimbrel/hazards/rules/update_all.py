"""Every row of a large table is updated in one statement.

It locks every row until the revision is committed, and leaves as many dead rows behind. MySQL and MariaDB lock so, too, what
``INSERT … SELECT`` and ``CREATE TABLE … SELECT`` read, where the session is not ``READ COMMITTED``.

Update in batches of some thousand rows, in a revision of its own.
"""

from __future__ import annotations

from ..rule import Rule
from ._lock import waits

rule = Rule(
    code="change-of-all-rows",
    severity="lock",
    why="Rows that one statement changes, or copies, are locked until its transaction ends.",
    look=waits("rows"),
    bad='op.execute("UPDATE person SET age = 1")',
    good='op.execute("UPDATE pet SET person_id = 1")',
    on=("postgresql", "mysql"),
)
