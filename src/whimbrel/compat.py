"""Stand in for Flask-Migrate, so that packages which import ``flask_migrate`` run on Whimbrel unedited."""

from __future__ import annotations

import sys
from types import ModuleType
from typing import Any

from .errors import ConfigurationError


def install_as_flask_migrate() -> None:
    """Make ``import flask_migrate`` and ``import flask_migrate.cli`` find Whimbrel from now on.

    Call it before anything imports ``flask_migrate``: in the first lines of the module that Flask starts. Calling it
    again does nothing. Raises ConfigurationError where the real one has been imported already.
    """
    import whimbrel

    known = sys.modules.get("flask_migrate")
    if known is whimbrel:
        return
    if known is not None:
        raise ConfigurationError(
            f"flask_migrate has been imported already, from {known.__file__}.",
            hint="Call whimbrel.compat.install_as_flask_migrate() before the first import that uses it.",
        )
    sys.modules["flask_migrate"] = whimbrel
    sys.modules["flask_migrate.cli"] = CliModule("flask_migrate.cli")


class CliModule(ModuleType):
    """``flask_migrate.cli``: the group ``db``, and each command by the name of its function."""

    def __getattr__(self, name: str) -> Any:
        from .extension import commands

        group = commands()
        if name == "db":
            return group
        if name.startswith("_"):
            raise AttributeError(name)
        found = group.named(name)
        if found is None:
            raise AttributeError(f"flask_migrate.cli has no command '{name}'")
        return found
