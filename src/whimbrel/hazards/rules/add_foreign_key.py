"""A new foreign key reads both tables while nobody may write to them.

Add it with ``postgresql_not_valid=True``, and ``VALIDATE CONSTRAINT`` in a revision of its own.
"""

from __future__ import annotations

from ...plan.step import table_of
from ..rule import Case, Rule
from ._lock import waits
from ._safe import call, key_of, named, validate
from ._sql import is_partitioned

ON_PARTITIONS = (18,)
"""The version since which the key of a table with partitions may be NOT VALID."""


def instead(case: Case) -> str | None:
    """The same key, whose rows are looked at later."""
    op = next(filter(None, map(key_of, case.step.operations)), None)
    if op is None:
        return "op.create_foreign_key(…, postgresql_not_valid=True), then VALIDATE CONSTRAINT in another revision"
    source = table_of(op)
    if (case.live.version or ON_PARTITIONS) < ON_PARTITIONS and source is not None and is_partitioned(case.live, source):
        return None
    name = named(op, f"fk_{op.source_table}_{op.local_cols[0]}")
    parent = (op.kw.get("referent_schema"), op.referent_table)
    remote = list(op.remote_cols) or case.live.primary_key(case.live.known_as(parent) or parent) or ["…"]
    more = {
        word: op.kw.get(word) for word in ("source_schema", "referent_schema", "ondelete", "onupdate", "deferrable", "initially")
    }
    made = call(
        "create_foreign_key",
        name,
        op.source_table,
        op.referent_table,
        list(op.local_cols),
        remote,
        **more,
        postgresql_not_valid=True,
    )
    return f"{made}, and {validate(case, op, name)} in another revision"


rule = Rule(
    code="foreign-key-scan",
    severity="lock",
    why="ADD FOREIGN KEY holds SHARE ROW EXCLUSIVE on both tables while it looks at every row.",
    look=waits("foreign key", safe=instead),
    bad="""op.execute("UPDATE person SET age = 1")
    op.create_foreign_key("fk_person_age", "person", "person", ["age"], ["id"])""",
    good="""op.create_foreign_key("fk_pet_person", "pet", "person", ["person_id"], ["id"], postgresql_not_valid=True)""",
    on=("postgresql",),
)
