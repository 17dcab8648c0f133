"""What a revision does here cannot be seen without running it.

It reads from the database to decide what to do, or uses a connection of its own, or its SQL could not be read. It may be
harmless; nobody has looked at it.

Tables and columns that its text drops are judged all the same, whether they are dropped in the end or not.

Read it yourself, and say so: ``accepts``, or ``# whimbrel: ignore[not-seen]`` on the line.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..rule import Case, Found, Rule


def look(case: Case) -> Iterator[Found]:
    """A step that could not be seen."""
    if case.step.why is not None and case.op is (case.step.operations or (None,))[0]:
        yield Found(case.planned.revision.id, case.step.why)


rule = Rule(
    code="not-seen",
    severity="notice",
    why="What a revision makes of the rows that it reads is known only when it runs.",
    look=look,
    bad="""for row in op.get_bind().execute(sa.text("select id from person")):
        pass""",
    good="""op.get_bind().execute(sa.text("update person set age = 1 where id = 1"))""",
)
