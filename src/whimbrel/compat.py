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
    known = sys.modules.get("flask_migrate")
    if isinstance(known, PackageModule):
        return
    if known is not None:
        raise ConfigurationError(
            f"flask_migrate has been imported already, from {known.__file__}.",
            hint="Call whimbrel.compat.install_as_flask_migrate() before the first import that uses it.",
        )
    package = PackageModule("flask_migrate")
    package.__path__ = []  # it has a module, but no folder
    package.cli = CliModule("flask_migrate.cli")
    sys.modules["flask_migrate"] = package
    sys.modules["flask_migrate.cli"] = package.cli


class PackageModule(ModuleType):
    """``flask_migrate``: the names of whimbrel; but ``cli`` is not Whimbrel's own command line."""

    cli: CliModule

    def __getattr__(self, name: str) -> Any:
        import whimbrel

        return getattr(whimbrel, name)


class CliModule(ModuleType):
    """``flask_migrate.cli``: the group ``db``, and each command by the name of its function."""

    def __getattr__(self, name: str) -> Any:
        from .extension import commands

        group = commands()
        if name == "db":
            return group.complete()
        if name.startswith("_"):
            raise AttributeError(name)
        found = group.named(name)
        if found is None:
            raise AttributeError(f"flask_migrate.cli has no command '{name}'")
        return found
