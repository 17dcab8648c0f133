"""``migrate``: write a revision file for what has changed in the models."""

from __future__ import annotations

from typing import Any

from ._cli import Call, subcommand
from ._options import revision_options
from ._revise import Written
from .revision import revision


@subcommand(verbose="Show all changes, not only the first ones.")
@revision_options
def command(call: Call, **options: Any) -> Written:
    """Write a revision for what has changed in the models.

    Compares the models with the database. Nothing is changed in the database: read the file, then run 'upgrade'. Where
    nothing differs, no file is written.
    """
    return revision(call.project, autogenerate=True, on_event=call.tell, **options)
