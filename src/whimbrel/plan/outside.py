"""Let code that is only looked at change nothing outside of this process.

Python tells of what its own modules do before they do it (Library Reference, "Audit events table"); a hook stays for the life
of the process, and looks away unless it is asked to look.
"""

from __future__ import annotations

import os
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from .step import Opaque

REFUSED = {
    "sqlite3.connect": "it opens a database of its own",
    "socket.connect": "it uses the network",
    "subprocess.Popen": "it starts a program",
    "os.system": "it starts a program",
    "os.posix_spawn": "it starts a program",
    "os.fork": "it starts a process",
    "os.remove": "it changes files",
    "os.rename": "it changes files",
    "os.mkdir": "it changes files",
    "os.rmdir": "it changes files",
    "os.truncate": "it changes files",
    "os.chmod": "it changes files",
    "os.chown": "it changes files",
    "os.utime": "it changes files",
    "os.exec": "it starts a program",
    "os.spawn": "it starts a program",
    "os.forkpty": "it starts a process",
    "os.kill": "it ends a process",
    "os.killpg": "it ends a process",
    "os.link": "it changes files",
    "os.symlink": "it changes files",
}
WRITING = os.O_WRONLY | os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_TRUNC
watched: set[int] = set()
"""The threads whose code is only looked at."""
installed = threading.Event()


def look(event: str, arguments: tuple[Any, ...]) -> None:
    """The hook. Raises Opaque."""
    if not watched or threading.get_ident() not in watched:
        return
    why = REFUSED.get(event)
    if event == "open" and writes(*arguments):
        why = "it changes files"
    if why is not None and not is_import(arguments):
        raise Opaque(why)


def writes(path: Any, mode: Any, flags: Any) -> bool:
    """Whether a file is opened to be written to; devices are no files."""
    return isinstance(flags, int) and bool(flags & WRITING) and not is_device(path)


def is_device(path: Any) -> bool:
    """Whether something is a device, as /dev/null is."""
    try:
        return stat.S_ISCHR(os.stat(path).st_mode)
    except (OSError, TypeError, ValueError):
        return False


def is_import(arguments: tuple[Any, ...]) -> bool:
    """Whether this is the bytecode of a module that is imported, which Python writes beside it."""
    return any(isinstance(each, str) and "__pycache__" in each for each in arguments[:2])


@contextmanager
def nothing_outside(driver: Any) -> Iterator[None]:
    """Around code of this thread that is only looked at. driver: the module (DB-API 2.0) that it would use."""
    if not installed.is_set():
        installed.set()
        sys.addaudithook(look)
    thread = threading.get_ident()
    watched.add(thread)
    connect, start = driver.connect, threading.Thread.start

    def refuse(why: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def refused(*given: Any, **more: Any) -> Any:
            if threading.get_ident() in watched:
                raise Opaque(why)
            return function(*given, **more)

        return refused

    # Neither Python before 3.12 tells of threads, nor drivers written in C of what they connect to.
    driver.connect = refuse("it opens a database of its own", connect)
    threading.Thread.start = refuse("it starts a thread", start)  # type: ignore[method-assign]
    try:
        yield
    finally:
        driver.connect, threading.Thread.start = connect, start  # type: ignore[method-assign]
        watched.discard(thread)
