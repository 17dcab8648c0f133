"""A lock in the form of a file, for databases that are a file themselves."""

from __future__ import annotations

import os
import socket
import sys
from contextlib import suppress
from datetime import datetime, timezone

from ._sessions import Holder, Lock

FAR_AWAY = 1 << 30
"""The byte that is locked on Windows, where nobody can read a byte that is locked."""


class FileLock(Lock):
    """A lock on a file, which says who has it; the system gives it back when the process ends.

    take() raises OSError where the file cannot be made or the file system has no locks.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self.token = path
        self.file: int | None = None

    def take(self) -> bool:
        """Whether it is ours now."""
        while True:
            file = os.open(self.path, os.O_RDWR | os.O_CREAT, 0o666)
            try:
                if not try_to_lock(file):
                    os.close(file)
                    return False
                if is_same_file(file, self.path):
                    break
            except OSError:
                os.close(file)
                raise
            # It was removed between open and lock: whoever comes now makes a new one.
            os.close(file)
        self.file = file
        started = datetime.now(timezone.utc).isoformat(timespec="seconds")
        os.ftruncate(file, 0)
        os.write(file, f"{os.getpid()} {started} {socket.gethostname()}\n".encode())
        return True

    def holder(self) -> Holder | None:
        """Who has it, as the file says."""
        try:
            with open(self.path, encoding="utf-8") as file:
                pid, started, host = file.read().split()
            since = datetime.fromisoformat(started)
        except FileNotFoundError:
            return None
        except ValueError:  # the other one is about to write it
            return Holder(self.token, "another process", None, f"End the process that has {self.path} open.")
        way_out = f"If it hangs, end process {pid} on {host}."
        return Holder(self.token, f"process {pid} on {host}", since, way_out)

    def release(self) -> None:
        """Remove the file, then give the lock back, in this order: nobody may lock a file that is about to go."""
        if self.file is None:
            return
        if sys.platform == "win32":
            os.close(self.file)
            with suppress(OSError):
                os.unlink(self.path)
        else:
            with suppress(OSError):
                os.unlink(self.path)
            os.close(self.file)
        self.file = None


def is_same_file(file: int, path: str) -> bool:
    """Whether an open file is still the one of that path."""
    try:
        return os.path.samestat(os.fstat(file), os.stat(path))
    except FileNotFoundError:
        return False


if sys.platform == "win32":
    import msvcrt

    def try_to_lock(file: int) -> bool:
        """Lock an open file if nobody else has."""
        os.lseek(file, FAR_AWAY, os.SEEK_SET)
        try:
            msvcrt.locking(file, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        finally:
            os.lseek(file, 0, os.SEEK_SET)
        return True
else:
    import fcntl

    def try_to_lock(file: int) -> bool:
        """Lock an open file if nobody else has."""
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True
