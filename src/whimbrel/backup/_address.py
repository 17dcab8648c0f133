"""With which arguments the driver connects, for programs that shall do the same."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, event

from ..dialects import Beside


def driver_arguments(connection: Connection, beside: Beside) -> dict[str, Any]:
    """The keyword arguments that the driver gets when a connection is opened: of URL, ``connect_args`` and ``do_connect``.

    beside: not opened yet. Where the engine has a ``creator``, nobody but that function knows: then those of the URL.
    """
    seen: list[dict[str, Any]] = []

    def look(dialect: Any, record: Any, arguments: Any, keywords: dict[str, Any]) -> None:
        seen.append(keywords)  # kept, not copied: other listeners may still change it

    event.listen(connection.engine, "do_connect", look, insert=True)
    try:
        beside.run(lambda other: None)
    finally:
        event.remove(connection.engine, "do_connect", look)
    if seen:
        return dict(seen[-1])
    return dict(connection.engine.dialect.create_connect_args(connection.engine.url)[1])
