"""The text of a table is taken apart and put together again."""

from __future__ import annotations

import pytest

from whimbrel.dialects._sqlite_text import parse

RICH = """CREATE TABLE "odd table" ( -- a remark, with a comma
        id INTEGER NOT NULL PRIMARY KEY AUTOINCREMENT,
        name VARCHAR(20) COLLATE NOCASE CONSTRAINT once UNIQUE ON CONFLICT REPLACE,
        [the qty] INTEGER DEFAULT (1 + 2) CHECK ("the qty" > 0 AND 'a,b)' <> '('),
        `half` AS ("the qty" / 2.0) STORED,
        note VARCHAR(5) DEFAULT 'it''s', /* the last one */
        parent INTEGER REFERENCES "odd table" (id) ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED,
        CONSTRAINT pair UNIQUE (name, note), CHECK (length(note) < 9)
    )"""


@pytest.mark.parametrize(
    "sql",
    [
        RICH,
        "create table a(b,c text not null default -1.5e3,d)",
        "CREATE TABLE x (a INT, b INT, PRIMARY KEY (a, b)) WITHOUT ROWID",
        "CREATE TABLE x (a INTEGER, b TEXT) STRICT",
        "CREATE TABLE x (a UNSIGNED BIG INT NULL, b NUMERIC(10, 2) DEFAULT CURRENT_TIMESTAMP)",
        "CREATE TABLE x (a int REFERENCES t ON DELETE SET DEFAULT NOT DEFERRABLE NOT NULL, b GENERATED ALWAYS AS (a) VIRTUAL)",
    ],
)
def test_a_text_that_is_taken_apart_is_the_same_when_put_together(sql):
    found = parse(sql)
    start = sql[: sql.index("(")]
    assert found.sql("?") == "CREATE TABLE ? (" + sql[len(start) + 1 :]


def test_clauses_of_a_column():
    found = parse("CREATE TABLE x (a int REFERENCES t ON DELETE SET DEFAULT NOT DEFERRABLE NOT NULL DEFAULT NULL, CHECK (a))")
    assert [clause.kind for clause in found.columns[0].clauses] == ["REFERENCES", "NOT", "DEFAULT"]
    assert found.constraints[0].kind == "CHECK"
