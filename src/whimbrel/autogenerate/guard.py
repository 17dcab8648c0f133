"""Nothing is dropped by accident: neither what this history did not create, nor what a missing import hides."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import Any

from alembic.operations import ops

from ..errors import Refused
from ..revisions.touched import Table
from .modules import ModelModule
from .renames import shown

MOST_FLAGS = 12
MOST_LISTED = 10


@dataclass(frozen=True)
class Guard:
    """What is known beyond the models and the database; each is asked only where something would be dropped.

    created: the tables that the history creates. missing: modules with models that nothing has imported.
    allowed: the names of tables that may be dropped.
    """

    created: Callable[[], Collection[Table]]
    missing: Callable[[], list[ModelModule]]
    allowed: frozenset[str]
    command: str

    def leave_others_alone(self, upgrade: ops.UpgradeOps) -> None:
        """Take out of the operations what drops tables that are not of this history."""
        dropped = [(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.DropTableOp)]
        if dropped:
            created = self.created()
            others = {key for key in dropped if key not in created and not self.is_allowed(key)}
            upgrade.ops[:] = [op for op in upgrade.ops if table_of(op) not in others]

    def check(self, upgrade: ops.UpgradeOps, models: Collection[Table], tables: Iterable[Table]) -> None:
        """Raise Refused where tables go that no missing model explains; tables: all that there are."""
        dropped = [(op.schema, op.table_name) for op in upgrade.ops if isinstance(op, ops.DropTableOp)]
        if not dropped and not models:
            self.refuse_unseen_models()
        left = sorted((key for key in dropped if not self.is_allowed(key)), key=shown)
        if left:
            created = self.created()
            self.refuse_mass(left, [key for key in tables if key in created or key in models], models)

    def is_allowed(self, key: Table) -> bool:
        """Whether somebody has said that it may go."""
        return shown(key) in self.allowed or key[1] in self.allowed

    def refuse_unseen_models(self) -> None:
        """Raise Refused where there are no models at all, because nothing imports them."""
        missing = self.missing()
        if missing:
            raise Refused(
                f"There are no models to compare with, and {modules(missing)} not imported.",
                state="Nothing has been written.",
                hint=f"Import {missing[0].name} where the application is made, then run it again.",
                data={"not_imported": [each.name for each in missing]},
            )

    def refuse_mass(self, dropped: list[Table], known: list[Table], models: Collection[Table]) -> None:
        """Raise Refused where all models are gone, more than half of them, or one of a module that is not imported."""
        seen, names = {key[1] for key in models}, {key[1] for key in dropped}
        missing = [each for each in self.missing() if not seen.issuperset(each.tables)]
        explained = [each for each in missing if names & set(each.tables)]
        if not (explained or not models or (len(dropped) > 1 and 2 * len(dropped) > len(known))):
            return
        listed = ", ".join(map(shown, dropped[:MOST_LISTED])) + (", …" if len(dropped) > MOST_LISTED else "")
        count = len(dropped)
        what = (
            f"{count} tables of this history have no model any more"
            if count > 1
            else "1 table of this history has no model any more"
        )
        why = f"; {modules(explained or missing)} not imported" if explained or missing else ""
        flags = " ".join(f"--allow-drop {shown(key)}" for key in dropped[:MOST_FLAGS])
        flags += f" … (for each of the {len(dropped)})" if len(dropped) > MOST_FLAGS else ""
        first = next(iter(explained or missing), None)
        way = f"import {first.name} where the application is made; or, " if first else "import the modules of the models; or, "
        raise Refused(
            f"{what}: {listed}{why}.",
            state="Nothing has been written.",
            hint=f"{way[0].upper()}{way[1:]}where they shall go, add {flags}",
            data={"tables": list(map(shown, dropped)), "not_imported": [each.name for each in explained or missing]},
        )


def modules(missing: list[ModelModule]) -> str:
    """Modules in words, with a verb that goes on with "not imported"."""
    listed = ", ".join(
        f"{each.name} ({', '.join(each.tables[:3])}{', …' if len(each.tables) > 3 else ''})" for each in missing[:5]
    )
    return f"{listed} {'are' if len(missing) > 1 else 'is'}"


def table_of(op: Any) -> Table | None:
    """The table that an operation drops or changes."""
    return (op.schema, op.table_name) if isinstance(op, (ops.DropTableOp, ops.ModifyTableOps)) else None
