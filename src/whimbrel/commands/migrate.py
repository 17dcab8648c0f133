"""``migrate``: write a revision file for what has changed in the models."""

from __future__ import annotations

from typing import Any

from ._ask import on_terminal
from ._cli import Call, subcommand
from ._options import answer_options, revision_options
from ._revise import Written
from .revision import revision


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
    return revision(call.project, autogenerate=True, ask=on_terminal(), on_event=call.tell, **options)
