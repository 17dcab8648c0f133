"""Statements of MySQL and MariaDB without the words that say how they shall be done, which no parser knows all of."""

from __future__ import annotations

import re

NAME = r"(?:(?:`[^`]+`|[\w$]+)\.)?(?:`[^`]+`|[\w$]+)"
VERSIONED = re.compile(r"/\*M?!\d*(.*?)\*/", re.DOTALL)
FOR = re.compile(r"\s*SET\s+STATEMENT\s+(?:'(?:[^'\\]|''|\\.)*'|[^'])*?\sFOR\s+", re.IGNORECASE)
"""The beginning of SET STATEMENT max_statement_time = 60 FOR …."""
TABLES = re.compile(r"(\s*(?:DROP|RENAME|TRUNCATE)\s+(?:TEMPORARY\s+)?)TABLES\b", re.IGNORECASE)
QUICK = re.compile(
    r"(\s*(?:DELETE|UPDATE|INSERT|REPLACE))(?:\s+(?:LOW_PRIORITY|HIGH_PRIORITY|DELAYED|QUICK|IGNORE)(?=\s+[\w`]))+", re.IGNORECASE
)
PATIENCE = r"\s+(?:NOWAIT|WAIT\s+\d+)\b"
WAITS = re.compile(
    rf"(\s*ALTER\s+(?:ONLINE\s+)?(?:IGNORE\s+)?TABLE\s+(?:IF\s+EXISTS\s+)?{NAME}|\s*(?:DROP|TRUNCATE|RENAME|OPTIMIZE)\b"
    rf"(?:[^'\"]*?)){PATIENCE}",
    re.IGNORECASE,
)


def plainly(statement: str) -> str:
    """A statement without such words, and with what stands in comments that the server executes (manual, "Comments")."""
    found = FOR.sub("", VERSIONED.sub(r" \1 ", statement))
    return WAITS.sub(r"\1", QUICK.sub(r"\1", TABLES.sub(r"\1TABLE", found, count=1), count=1), count=1)
