"""One command, and who gave it."""

from __future__ import annotations

import getpass
import os
import platform
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from functools import cached_property
from pathlib import Path
from typing import Any

from .._version import __version__


@dataclass(frozen=True)
class Run:
    """One command, and who gave it: what its entries have in common."""

    id: str
    folder: Path

    @cached_property
    def facts(self) -> Mapping[str, Any]:
        """The values of the columns."""
        who = {"user": user_name()[:128], "host": platform.node()[:255], "pid": os.getpid(), "tool": f"whimbrel {__version__}"}
        return {"run": self.id, **who, "commit": git_commit(self.folder)}


def now() -> str:
    """The time as the journal has it."""
    return datetime.now(timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def user_name() -> str:
    """Who runs this; in a container that may be a number without a name."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):
        return str(getattr(os, "getuid", lambda: "unknown")())


def git_commit(folder: Path) -> str | None:
    """The commit that is checked out where the migrations are; None where they are not in a repository."""
    try:
        command = ["git", "-C", str(folder), "rev-parse", "HEAD"]
        done = subprocess.run(command, capture_output=True, text=True, timeout=5, stdin=subprocess.DEVNULL)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()[:64] if done.returncode == 0 else None
