"""What executing a statement means for the transaction that it stands in."""

from __future__ import annotations

import re
from typing import Literal

Kind = Literal["read", "write", "ddl", "outside", "commit", "rollback", "many"]
"""What executing a statement means for the transaction that it stands in.

read: nothing, it may be repeated at will. write: it is part of it. ddl: it commits what was before it, and itself.
outside: it refuses to be in one. many: it holds other statements, of any kind. commit: it ends it. rollback: it takes it back.
"""

COMMENTS = r"(?:\s|--[^\n]*\n|/\*.*?\*/|\()*"
READ = re.compile(
    COMMENTS + r"(SELECT|SHOW|EXPLAIN|DESC|DESCRIBE|SET|USE|VALUES|TABLE|FETCH|DECLARE|CLOSE|SAVEPOINT|RELEASE|PRAGMA|DISCARD"
    r"|LISTEN|PREPARE|DEALLOCATE|RESET|WITH|ROLLBACK\s+(?:(?:WORK|TRANSACTION)\s+)?TO)\b",
    re.IGNORECASE | re.DOTALL,
)
WRITES = re.compile(r"\b(INSERT|UPDATE|DELETE|MERGE|INTO)\b", re.IGNORECASE)
COMMIT = re.compile(COMMENTS + r"(COMMIT|END)(\s+(WORK|TRANSACTION))?\s*;?\s*$", re.IGNORECASE | re.DOTALL)
ROLLBACK = re.compile(COMMENTS + r"(ROLLBACK|ABORT)(\s+(WORK|TRANSACTION))?\s*;?\s*$", re.IGNORECASE | re.DOTALL)
# Several statements in one text, with the end of a transaction among them.
COMMITS_INSIDE = re.compile(r";\s*(COMMIT|ROLLBACK)(\s+(WORK|TRANSACTION))?\s*(;|$)", re.IGNORECASE)
BODY = re.compile(COMMENTS + r"(CREATE|ALTER|DO)\b", re.IGNORECASE | re.DOTALL)
FUNCTION = re.compile(COMMENTS + r"SELECT\s+(?:[\w\"`]+\.)?(\w+)\s*\(", re.IGNORECASE | re.DOTALL)
FROM = re.compile(r"\bFROM\b", re.IGNORECASE)
ONLY_ANSWER = re.compile(
    "abs|array_agg|avg|cast|ceil|char_length|coalesce|concat|connection_id|count|current_database|current_schema|current_setting|database"
    "|date|exists|extract|floor|greatest|group_concat|if|ifnull|json_agg|jsonb_agg|last_insert_id|least|length|lower|max|min|now|nullif"
    "|round|row_number|schema|set_config|string_agg|substr|substring|sum|to_regclass|upper|user|version|pg_.*",
    re.IGNORECASE,
)
"""Functions that change nothing; a SELECT of any other one, from no table, may."""
BEGIN = re.compile(COMMENTS + r"(BEGIN|START\s+TRANSACTION)\b", re.IGNORECASE | re.DOTALL)
DML = re.compile(COMMENTS + r"(INSERT|UPDATE|DELETE|REPLACE|MERGE|COPY|CALL|DO|LOAD|WITH|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
DDL = re.compile(COMMENTS + r"(CREATE|ALTER|DROP|RENAME|TRUNCATE|GRANT|REVOKE|COMMENT)\b", re.IGNORECASE | re.DOTALL)


def kind_of(statement: str, *, ddl_rolls_back: bool) -> Kind:
    """The kind of a statement. ddl_rolls_back: whether CREATE, ALTER and DROP can be undone by ROLLBACK."""
    if COMMITS_INSIDE.search(statement) and not BODY.match(statement):
        return "many"
    if READ.match(statement):
        called = FUNCTION.match(statement)
        if called and not ONLY_ANSWER.fullmatch(called[1]) and not FROM.search(statement):
            return "write"
        # WITH … INSERT, SELECT … INTO; a FOR UPDATE only locks.
        return "write" if WRITES.search(statement.upper().replace("FOR UPDATE", "")) else "read"
    if COMMIT.match(statement) or BEGIN.match(statement):
        return "commit"
    if ROLLBACK.match(statement):
        return "rollback"
    return "ddl" if not ddl_rolls_back and DDL.match(statement) else "write"
