"""``migrate``: write a revision file for what has changed in the models."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..project import Project
from ._ask import on_terminal
from ._cli import Call, subcommand
from ._options import answer_options, revision_options
from ._revise import Written
from .revision import revision

if TYPE_CHECKING:
    from ..hazards.finding import Finding

CALM = frozenset({"create_table", "create_table_comment", "drop_table_comment"})
"""Operations in which there is nothing to find."""


@subcommand(verbose="Show all changes, not only the first ones.")
@revision_options
@answer_options
def command(call: Call, **options: Any) -> Written:
    """Write a revision for what has changed in the models.

    Compares the models with the database. Nothing is changed in the database: read the file, then run 'upgrade'. Where
    nothing differs, no file is written.

    What cannot be known is asked on a terminal: whether a column was renamed, what a new column is filled with. Elsewhere
    the command ends with the options that answer.
    """
    written = revision(call.project, autogenerate=True, ask=on_terminal(), on_event=call.tell, **options)
    return replace(written, findings=judged(call.project, written))


def judged(project: Project, written: Written) -> tuple[Finding, ...]:
    """What is hazardous in the new files; a danger is put into them as a comment, ready to be agreed to."""
    if all(each["operation"] in CALM for each in written.operations):
        return ()
    from ..hazards import consent
    from .review import review

    found = [each for each in review(project, written.revisions).findings if each.severity != "notice" and each.accepted is None]
    for path, id in zip(written.paths, written.revisions, strict=True):
        mine = [each for each in found if each.revision == id and each.severity == "danger"]
        keys = list(dict.fromkeys(each.key for each in mine if not each.would_fail))
        if keys:
            consent.suggest(path, keys)
    return tuple(found)
