"""``check``: whether a new migration would come out empty."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..errors import PendingChanges
from ..events import Event
from ..lines import Line, line, plain
from ..project import Project
from ._cli import Call, subcommand
from ._drift import drift_option, refuse_drift
from ._revise import compared, few


@dataclass(frozen=True)
class Clean:
    """Models and database do not differ."""

    def as_lines(self, *, verbose: bool) -> Iterator[Line]:
        """The words that Alembic uses."""
        yield line("No new upgrade operations detected.")

    def as_data(self) -> dict[str, Any]:
        """The same for machines."""
        return {"changes": []}


def check(project: Project, *, verbose: bool = False) -> Clean:
    """Compare the models with the database. Raises PendingChanges, with the changes in ``data``, where they differ.

    verbose: whether the message has all of them.
    """
    arguments = {"message": None, "head": "head", "splice": False, "branch_label": None, "version_path": None, "rev_id": None}
    notices: list[str] = []

    def listen(event: Event) -> None:
        notices.append(getattr(event, "text", ""))

    draft, _ = compared(project, {**arguments, "depends_on": None}, True, False, {"autogenerate": True}, listen)
    changes = draft.changes()
    if notices and not changes:
        raise PendingChanges("\n".join(notices), data={"changes": [], "not_compared": notices})
    if changes:
        listed = "\n".join(plain(each) for each in few(changes, verbose=verbose))
        raise PendingChanges(
            "".join(f"{notice}\n" for notice in notices)
            + f"The models and the database differ, {len(changes)} change{'s' if len(changes) > 1 else ''}:\n{listed}",
            hint=f"'{project.command} migrate' writes a revision for it.",
            data={"changes": changes, "operations": draft.as_data(), "not_compared": notices},
        )
    return Clean()


@subcommand()
@drift_option
def command(call: Call, drift: bool) -> Clean:
    """Check that a new migration would be empty.

    Compares the models with the database. Exits with 1 where they differ, and says in what. For CI, after 'upgrade' on
    an empty database.
    """
    try:
        found = check(call.project, verbose=call.verbose)
    except PendingChanges as error:
        if drift:
            add_drift(error, call)
        raise
    if drift:
        refuse_drift(call.project, call.tell)
    return found


def add_drift(error: PendingChanges, call: Call) -> None:
    """Say that a database has drifted, besides what its models differ in."""
    try:
        refuse_drift(call.project, call.tell)
    except PendingChanges as other:
        error.message += f"\n{other.message}"
        error.data["drift"] = other.data
