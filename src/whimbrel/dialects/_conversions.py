"""Which texts a server takes for numbers, as regular expressions."""

from __future__ import annotations

import re

WHOLE = r"^[[:space:]]*[+-]?[0-9]+[[:space:]]*$"
NUMBER = r"^[[:space:]]*[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?[[:space:]]*$"


def pattern_for(new: str) -> str | None:
    """The texts that fit into a type of numbers; None for a type of another kind."""
    name = re.sub(r"\(.*", "", new).strip().lower()
    if re.match(r"(tiny|small|medium|big)?int(eger)?\b", name):
        return WHOLE
    if name.split(" ")[0] in ("numeric", "decimal", "float", "real", "double"):
        return NUMBER
    return None


def is_text(old: str) -> bool:
    """Whether a type holds texts."""
    return re.match(r"(var)?char|character|text|(tiny|medium|long)text|citext", old.lower()) is not None
