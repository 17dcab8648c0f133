"""The syntax trees of Python, made by one thread at a time.

Where two threads make one at once, CPython 3.11 may raise a SystemError: they share the counter of its depth
(https://github.com/python/cpython/issues/106905).
"""

from __future__ import annotations

import ast
import threading
from typing import Any

_ONE = threading.Lock()


def parsed(source: str, mode: str = "exec") -> Any:
    """``ast.parse()``. Raises what that raises."""
    with _ONE:
        return ast.parse(source, mode=mode)
