"""A folder is a registry: a module in it is found by its presence.

A leading underscore marks support code. Third parties join through an entry point group named ``whimbrel.<folder>``.
"""

from __future__ import annotations

import os
import pkgutil
from collections.abc import Mapping
from functools import cache
from importlib import import_module
from types import MappingProxyType
from typing import Any


@cache
def names(folder: str) -> tuple[str, ...]:
    """The modules of ``whimbrel.<folder>``, without importing them."""
    path = os.path.join(os.path.dirname(__file__), folder)
    found = (module.name for module in pkgutil.iter_modules([path]))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def load(folder: str, module: str, attribute: str) -> Any:
    """What a module registers. Raises TypeError where it registers nothing: that is a mistake in the program."""
    found = getattr(import_module(f"whimbrel.{folder}.{module}"), attribute, None)
    if found is None:
        raise TypeError(f"whimbrel.{folder}.{module} registers nothing: it has no '{attribute}'")
    return found


@cache
def foreign(folder: str) -> Mapping[str, Any]:
    """The entry points of other packages, by name; not loaded yet. Raises TypeError for a name that is taken."""
    from importlib.metadata import entry_points

    found: dict[str, Any] = {}
    for point in entry_points(group=f"whimbrel.{folder}"):
        if point.name in found or point.name.replace("-", "_") in names(folder):
            raise TypeError(f"The entry point '{point.name}' of whimbrel.{folder} is registered twice")
        found[point.name] = point
    return MappingProxyType(found)
