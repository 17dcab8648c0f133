"""A new constraint of a domain reads every table that uses it while nobody may write to them.

Add it ``NOT VALID``, which checks new values only, and ``VALIDATE CONSTRAINT`` when few write: that reads the tables under the
same lock.
"""

from __future__ import annotations

from ..rule import Case, Rule
from ._lock import waits
from ._safe import execute


def instead(case: Case) -> str | None:
    """Later, and only for a check: there is nothing for SET NOT NULL."""
    found = next((each for each in case.step.sql if " CHECK" in each.upper()), None)
    return None if found is None else f"{execute(found.rstrip('; ') + ' NOT VALID')}, and VALIDATE CONSTRAINT when few write"


rule = Rule(
    code="domain-scan",
    severity="lock",
    why="ALTER DOMAIN holds SHARE on all tables with such a column while it looks at every row.",
    look=waits("domain", safe=instead),
    given=("CREATE DOMAIN years AS integer", "ALTER TABLE person ALTER age TYPE years"),
    bad='op.execute("ALTER DOMAIN years ADD CONSTRAINT ck_years CHECK (VALUE > 0)")',
    good='op.execute("ALTER DOMAIN years ADD CONSTRAINT ck_years CHECK (VALUE > 0) NOT VALID")',
    on=("postgresql",),
)
