"""The options of MySQL's tables that a model names: the engine, the character set and the collation of new columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from sqlalchemy import Table

from ..schema.snapshot import Key
from .operations import Execute
from .renames import shown

if TYPE_CHECKING:
    from .detect import Detection

SYNONYMS = {"utf8": "utf8mb3", "utf8_general_ci": "utf8mb3_general_ci", "utf8_unicode_ci": "utf8mb3_unicode_ci"}


def compare_options(detection: Detection, key: Key, model: Table) -> None:
    """Another engine is changed; texts are not converted without being asked, for they might not fit."""
    if detection.dialect.kind != "mysql":
        return
    table = detection.connection.dialect.identifier_preparer.format_table(model)
    own = detection.connection.dialect.name
    for name, known, value in differing(detection.snapshot.of("table_options", key), model, own):
        if name == "engine":
            change, back = (f"ALTER TABLE {table} ENGINE={each}" for each in (value, known))
            words = f"{shown(key)}: engine {value} instead of {known}"
            detection.upgrade.ops.append(Execute(change, back, words=words))
        elif name in ("charset", "collate"):
            what = "character set" if name == "charset" else "collation"
            detection.not_compared.append(
                f"{shown(key)}: its {what} is {known}, and {value} in the models; write ALTER TABLE … CONVERT TO by hand"
            )


def differing(there: Mapping[str, Any], model: Table, own: str) -> Iterator[tuple[str, str, str]]:
    """The options that a model names and the database has in another way: name, what there is, what is wanted.

    own: the name of SQLAlchemy's dialect, with which its options begin.
    """
    known = dict(named(there, own))
    for name, value in named(model.kwargs, own):
        if name in known and usual(known[name]) != usual(value):
            yield name, known[name], value


def named(options: Mapping[str, Any], own: str) -> Iterator[tuple[str, str]]:
    """Options without the name of the dialect, as MySQL calls them."""
    for name, value in options.items():
        dialect, _, option = str(name).lower().partition("_")
        if dialect == own:
            yield option.replace("_", " ").removeprefix("default ").replace("character set", "charset"), str(value)


def usual(value: str) -> str:
    """A value as it is compared."""
    return SYNONYMS.get(value.lower(), value.lower())
