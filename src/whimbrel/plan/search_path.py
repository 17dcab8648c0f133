"""The schemas in which PostgreSQL looks for names without one, where a revision sets them."""

from __future__ import annotations

import re

from .words import plain

SET = re.compile(
    r"\s*SET\s+(?:SESSION\s+|(?P<local>LOCAL\s+))?search_path\s*(?:=|\bTO\b)\s*(?P<names>.*)", re.IGNORECASE | re.DOTALL
)
RESET = re.compile(r"\s*(RESET\s+(search_path|ALL)|DISCARD\s+ALL)\b", re.IGNORECASE)
CALL = re.compile(
    r"\s*SELECT\s+(?:pg_catalog\.)?set_config\s*\(\s*'search_path'\s*,\s*'(?P<names>[^']*)'\s*,\s*(?:false|(?P<local>true))",
    re.IGNORECASE,
)


def search_path_in(sql: str) -> tuple[tuple[str, ...], bool] | None:
    """The schemas in which PostgreSQL looks for names from a statement on, and whether that ends with the transaction."""
    if RESET.match(sql):
        return (), False
    found = SET.match(sql) or CALL.match(sql)
    if found is None:
        return None
    names = (plain(each, "postgresql") for each in re.findall(r'"[^"]+"|[\w$]+', found["names"]))
    return tuple(each for each in names if each != "default"), bool(found["local"])
