"""SQLAlchemy's Inspector without its warnings: of types that it does not know, and of what an index has that it does not tell.

Rules ask for whole tables, also where the column in question is another one; nobody who reads a plan has asked for those.
"""

from __future__ import annotations

import warnings
from typing import Any

import sqlalchemy as sa
from sqlalchemy.exc import SAWarning


class QuietInspector:
    """The Inspector of a connection."""

    def __init__(self, connection: sa.Connection) -> None:
        self._inspector = sa.inspect(connection)

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._inspector, name)

        def ask(*given: Any, **more: Any) -> Any:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SAWarning)
                return found(*given, **more)

        return ask if callable(found) else found
