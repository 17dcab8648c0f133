"""What a project may set, each under one name wherever it is set.

A setting is typed on the command line (``--lock-timeout 2``), given to ``Migrate(app, db, lock_timeout=2)``, in the
application's configuration (``WHIMBREL_LOCK_TIMEOUT``), or in ``[tool.whimbrel]`` of ``pyproject.toml`` (``lock_timeout``).
The first one that has it counts. A new setting is one line of the class below.
"""

from __future__ import annotations

import math
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from .errors import ConfigurationError


class Source(NamedTuple):
    """A place where settings are: their values by name, and how a person finds one of them there."""

    values: Mapping[str, Any]
    shown: Callable[[str], str]


def seconds(value: Any) -> float:
    """A time in seconds, not negative. Raises ValueError."""
    if isinstance(value, bool):
        raise ValueError
    found = float(value)
    if not (math.isfinite(found) and found >= 0):
        raise ValueError
    return found


def folder(value: Any) -> str:
    """The path of a folder that exists. Raises ValueError."""
    found: str = os.path.expanduser(os.fspath(value))
    if not os.path.isdir(found):
        raise ValueError
    return found


def kind_of_id(value: Any) -> str:
    """How ids are made. Raises ValueError."""
    if value not in ID_KINDS:
        raise ValueError
    return str(value)


def name_of_tables(value: Any) -> str:
    """What names of tables begin with, where no database needs quotes. Raises ValueError."""
    if not (isinstance(value, str) and re.fullmatch("[a-z][a-z0-9_]{0,39}", value)) or value.startswith("pg_"):
        raise ValueError
    return value


def names(value: Any) -> tuple[str, ...]:
    """Some names, as a list or with commas between them. Raises ValueError."""
    listed = value.split(",") if isinstance(value, str) else list(value)
    found = tuple(name.strip() for name in listed if isinstance(name, str) and name.strip())
    if len(found) != len(listed):
        raise ValueError
    return found


POLICIES = ("block", "warn", "off")


class Policy(NamedTuple):
    """What is done with the findings of each severity: block the run, warn, or nothing."""

    danger: str = "block"
    lock: str = "warn"
    notice: str = "off"

    def by_severity(self) -> dict[str, str]:
        """The same as a mapping."""
        return dict(zip(self._fields, self, strict=True))


POLICY = Policy()


def policy(value: Any) -> Policy:
    """One word is for dangers, a mapping for the severities that it names. Raises ValueError and TypeError."""
    found = Policy(value) if isinstance(value, str) else Policy(**value)
    if any(word not in POLICIES for word in found):
        raise ValueError
    return found


def setting(default: Any, read: Callable[[Any], Any], wanted: str) -> Any:
    """A field of Settings. read: checks a value; wanted: in words what it accepts."""
    return field(default=default, metadata={"read": read, "wanted": wanted})


ID_KINDS = ("random", "sequential", "date")
SECONDS = (seconds, "a number of seconds, 0 or more")


@dataclass(frozen=True)
class Settings:
    """The settings of a project."""

    wait: float = setting(300.0, *SECONDS)
    """How long to wait for another run on the same database to end."""

    lock_timeout: float = setting(4.0, *SECONDS)
    """How long a statement may wait for a lock, and everybody else behind it; 0 for as long as the server says."""

    retry_for: float = setting(60.0, *SECONDS)
    """How long to try again after the first such timeout, all attempts together."""

    backup_tools: str | None = setting(None, folder, "a folder that exists")
    """Where pg_dump, mariadb-dump and their like are, if not on the PATH."""

    revision_ids: str = setting("random", kind_of_id, " or ".join(ID_KINDS))
    """What the ids of new revisions are: twelve random digits, 0001 and so on, or the date and time in UTC."""

    journal: str = setting("whimbrel", name_of_tables, "up to 40 small letters, digits and underscores, a letter first")
    """What the names of the tables of the journal begin with; on PostgreSQL the name of their schema, too."""

    policy: Policy = setting(POLICY, policy, "block, warn or off, or one of them for each severity")  # noqa: RUF009
    """What upgrade and downgrade do where a run has dangers, locks for long, or has something else to be noticed."""

    review_limit: float = setting(2.0, *SECONDS)
    """For how many seconds a statement may keep others waiting before that is told."""

    extensions: tuple[str, ...] = setting((), names, "a list of names")
    """The extensions that autogenerate shall see to it that PostgreSQL has."""


NAMES = tuple(one.name for one in fields(Settings))


def read_settings(sources: Iterable[Source]) -> Settings:
    """The settings, from the first source that has each. Raises ConfigurationError where a value makes no sense."""
    given = list(sources)
    found: dict[str, Any] = {}
    for one in fields(Settings):
        for source in given:
            if source.values.get(one.name) is not None:
                found[one.name] = checked(source, one.name, one.metadata)
                break
    return Settings(**found)


def checked(source: Source, name: str, about: Mapping[str, Any]) -> Any:
    """A value as its setting wants it."""
    value = source.values[name]
    try:
        return about["read"](value)
    except (TypeError, ValueError):
        raise ConfigurationError(f"{source.shown(name)} is {value!r}, and must be {about['wanted']}.") from None


def of_application(config: Mapping[str, Any]) -> Source:
    """The settings in an application's configuration: ``WHIMBREL_WAIT`` and so on."""
    names = {name: f"WHIMBREL_{name.upper()}" for name in NAMES}
    return Source({name: config.get(key) for name, key in names.items()}, lambda name: f"{names[name]} in the configuration")


def of_toml(table: Any, path: str) -> Source:
    """The settings in ``[tool.whimbrel]``. Raises ConfigurationError for a name that is no setting."""
    if not isinstance(table, Mapping):
        raise ConfigurationError(f"tool.whimbrel in {path} is no table.", hint="Write [tool.whimbrel] above the settings.")
    unknown = sorted(set(table) - set(NAMES))
    if unknown:
        raise ConfigurationError(
            f"[tool.whimbrel] in {path} has '{unknown[0]}', which is no setting.", hint=f"There are: {', '.join(sorted(NAMES))}."
        )
    return Source(table, lambda name: f"{name} in [tool.whimbrel] of {path}")


def split(keywords: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Keywords of ``Migrate()``: the settings among them, and the rest."""
    ours = {name: value for name, value in keywords.items() if name in NAMES}
    return ours, {name: value for name, value in keywords.items() if name not in NAMES}
