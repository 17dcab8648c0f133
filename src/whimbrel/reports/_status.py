"""What a long statement is at: one line of a terminal that is written over, plain lines now and then elsewhere."""

from __future__ import annotations

import os
import shutil
import threading
from typing import TextIO

from ..events import Progressed

FIRST, SECOND, EVERY = 10, 30, 60  # seconds between plain lines
LONGEST_STATEMENT = 60
CLEAR = "\r\x1b[K"


class Status:
    """Shows Progressed events; they come from another thread than everything else."""

    def __init__(self, stream: TextIO) -> None:
        self.stream = stream
        self._is_drawn = False
        self._lock = threading.Lock()
        self._statement = ""
        self._seconds = 0.0
        """Of the present statement, when it was last seen."""

    def show(self, event: Progressed) -> None:
        """Draw the line anew, or add one where it is time."""
        with self._lock:
            before = self._seconds if event.statement == self._statement and self._seconds < event.seconds else 0.0
            self._statement, self._seconds = event.statement, event.seconds
            text = said(event)
            if is_terminal(self.stream):
                width = shutil.get_terminal_size().columns - 1
                self._write(CLEAR + (text if len(text) <= width else f"{text[: width - 2]} …"))
                self._is_drawn = True
            elif lines_due(event.seconds) > lines_due(before):
                self._write(f"{text}\n")

    def clear(self) -> None:
        """Make room for another line."""
        with self._lock:
            if self._is_drawn:
                self._write(CLEAR)
                self._is_drawn = False

    def _write(self, text: str) -> None:
        encoding = getattr(self.stream, "encoding", None) or "utf-8"
        self.stream.write(text.encode(encoding, "replace").decode(encoding))
        self.stream.flush()


def is_terminal(stream: TextIO) -> bool:
    """Whether a line can be written over."""
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def lines_due(seconds: float) -> int:
    """How many plain lines a statement of that age is worth."""
    return (seconds >= FIRST) + (seconds >= SECOND) + int(seconds // EVERY)


def said(event: Progressed) -> str:
    """The event in words."""
    where = f"[{event.database}] " if event.database else ""
    short = event.statement if len(event.statement) <= LONGEST_STATEMENT else f"{event.statement[:LONGEST_STATEMENT]} …"
    phase = f"  {event.phase}" if event.phase else ""
    done = f"  {event.fraction:.0%}" if event.fraction is not None else ""
    minutes, seconds = divmod(int(event.seconds), 60)
    age = f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
    return f"{where}{event.revision}  running for {age}{phase}{done}: {short}"
