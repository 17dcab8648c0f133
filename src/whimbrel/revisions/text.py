"""Change the text of a revision file, and leave all else as it is: its encoding, the ends of its lines."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Callable
from pathlib import Path

from ..errors import Refused
from ..project import display_path


def change(path: Path, changed: Callable[[str], str]) -> None:
    """Write what a function makes of the text of a file; it gets lines that end with a line feed."""
    data = path.read_bytes()
    encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
    text = data.decode(encoding)
    end = "\r\n" if "\r\n" in text and not re.search(r"(?<!\r)\n", text) else "\n"
    found = changed(text.replace(end, "\n")).replace("\n", end)
    try:
        path.write_bytes(found.encode(encoding, "backslashreplace"))  # a letter that it does not have, in a text in quotes
    except OSError as error:
        raise Refused(f"{display_path(path)} cannot be written: {error.strerror or error}.") from error


def lines_of(source: str) -> list[str]:
    """The lines of a source with their ends, as Python counts them: a form feed ends none."""
    return io.StringIO(source, newline="").readlines()


def offset(source: str, row: int, column: int) -> int:
    """Where a place is that ``ast`` knows by its line, from 1, and its column, in bytes."""
    lines = lines_of(source)
    return sum(map(len, lines[: row - 1])) + len(lines[row - 1].encode()[:column].decode())
