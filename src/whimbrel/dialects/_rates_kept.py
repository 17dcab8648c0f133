"""Keep how fast servers are, for a day: commands that follow one another say the same, and the first one alone measures.

One small file in the user's cache folder, for all servers. It is never needed: where it cannot be read or written, each
command measures for itself. Servers stand in it under a hash: no address, no name.
"""

from __future__ import annotations

import hashlib
import json
import math
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from ._rates import USUAL, Probe, Rates

DAY = 24 * 3600.0  # seconds


def remembered(connection: Connection, probe: Probe, measure: Callable[[], Rates | None]) -> Rates | None:
    """The rates of the server at hand: of today where there are some, else measured now."""
    path, server = place(), key_of(connection, probe)
    servers = {key: each for key, each in read(path).items() if is_of_today(each)}
    if server in servers:
        return {work: float(servers[server][work]) for work in USUAL}
    found = measure()
    if found is not None:
        write(path, {**servers, server: {"measured": time.time(), **found}})
    return found


def place() -> Path | None:
    """The file; None for a user without a home."""
    with suppress(RuntimeError):
        if os.path.isabs(os.environ.get("XDG_CACHE_HOME", "")):  # others do not count, says the specification
            folder = Path(os.environ["XDG_CACHE_HOME"])
        elif sys.platform == "win32":
            folder = Path(os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local")
        elif sys.platform == "darwin":
            folder = Path.home() / "Library" / "Caches"
        else:
            folder = Path.home() / ".cache"
        return folder / "whimbrel" / "rates.json"
    return None


def key_of(connection: Connection, probe: Probe) -> str:
    """The same for the same server: the address that it is reached at, its version, and what it says that it is."""
    url, dialect = connection.engine.url, connection.dialect
    itself = tuple(connection.exec_driver_sql(probe.server).one())
    parts = (dialect.name, dialect.server_version_info, url.host, url.port, itself)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:32]


def read(path: Path | None) -> dict[str, Any]:
    """Everything in the file; nothing where there is none, or another one."""
    try:
        found = json.loads(path.read_bytes()) if path else {}
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def is_of_today(found: Any) -> bool:
    """Whether something is the rates of a server, and not too old."""
    try:
        rates = [float(found[work]) for work in USUAL]
        age = time.time() - float(found["measured"])
    except (KeyError, TypeError, ValueError):
        return False
    return 0 <= age < DAY and all(math.isfinite(each) and each > 0 for each in rates)


def write(path: Path | None, servers: dict[str, Any]) -> None:
    """Put another file in its place, at once."""
    if path is None:
        return
    part = path.with_name(f"{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        part.write_text(json.dumps(servers), encoding="utf-8")
        os.replace(part, path)
    except OSError:
        with suppress(OSError):
            part.unlink()
