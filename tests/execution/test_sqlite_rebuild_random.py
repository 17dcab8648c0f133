"""Random SQLite tables, random rows, random alterations: nothing else changes, or nothing at all."""

from __future__ import annotations

import os
import sqlite3

import sqlalchemy as sa
from alembic.util import CommandError
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from kit.sqlite import Memory, quoted
from whimbrel.dialects._sqlite_text import parse
from whimbrel.errors import Refused

EXAMPLES = int(os.environ.get("WHIMBREL_TEST_EXAMPLES", "200")) // 2
NAMES = ["id", "a", "Name", "order", "two words", "it's", 'say "x"', "a,b", "(c)", "-- d", "rowid", "ÄÖ", "check", "x.y", "[z"]
TYPES = ["INTEGER", "int", "VARCHAR(20)", "text", "NUMERIC(10, 2)", "REAL", "BLOB", "", "DATETIME", "unsigned big int", "BOOLEAN"]
STRICT = ["INTEGER", "INT", "TEXT", "REAL", "BLOB", "ANY"]
DEFAULTS = ["5", "-1.5", "'it''s, (x)'", "NULL", "(1 + 2)", "CURRENT_TIMESTAMP", "x'00'", "TRUE", "(')')"]
SPACES = [" ", "\n  ", " /* , ) */ ", " -- it's (\n\t"]
ACTIONS = [
    "",
    " ON DELETE CASCADE",
    " ON DELETE SET NULL ON UPDATE CASCADE",
    " MATCH FULL DEFERRABLE INITIALLY DEFERRED",
    " NOT DEFERRABLE",
]
VALUES = st.one_of(
    st.none(),
    st.integers(-(2**63), 2**63 - 1),
    st.integers(-3, 30),
    st.floats(allow_nan=True),
    st.sampled_from(["", "7", "00123", "abc", "1.50", " 5", "2026-01-01", "a\0b", "é😀", "1e3", "0x10", "it's"]),
    st.binary(max_size=4),
)
CHANGED = [sa.String(80), sa.Integer(), sa.BigInteger(), sa.Float(), sa.Numeric(8, 3), sa.LargeBinary(), sa.DateTime(), sa.Text()]


@st.composite
def in_quotes(draw, name):
    ways = [quoted(name)]
    if "]" not in name:
        ways.append(f"[{name}]")
    ways.append("`" + name.replace("`", "``") + "`")
    if name.isidentifier() and name not in ("order", "check"):
        ways.append(name)
    return draw(st.sampled_from(ways))


@st.composite
def tables(draw):
    """The text of a table, the names of its columns, and which of them are generated."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    is_strict, has_rowid = draw(st.booleans()) and draw(st.booleans()), draw(st.integers(0, 3)) > 0
    table = draw(st.sampled_from(["t", "my table", "Group", 'q"q', "a.b"]))
    parts, generated, inline_key = [], [], draw(st.booleans())
    for number, name in enumerate(names):
        space = draw(st.sampled_from(SPACES))
        clauses = [draw(st.sampled_from(STRICT if is_strict else TYPES))]
        if number == 0 and inline_key:
            if has_rowid and draw(st.booleans()):
                clauses = [
                    "INTEGER",
                    draw(st.sampled_from(["PRIMARY KEY", "PRIMARY KEY AUTOINCREMENT", "NOT NULL PRIMARY KEY ASC"])),
                ]
            else:
                clauses.append(draw(st.sampled_from(["PRIMARY KEY", "CONSTRAINT pk PRIMARY KEY DESC ON CONFLICT REPLACE"])))
        elif number > 1 and draw(st.integers(0, 5)) == 0:
            other = draw(in_quotes(names[1]))
            how = draw(st.sampled_from(["GENERATED ALWAYS AS ({} || ',') VIRTUAL", "AS ({}) STORED", "AS (coalesce({}, ')'))"]))
            clauses = ["TEXT" if not is_strict else "ANY", how.format(other)]
            generated.append(name)
        else:
            own = draw(in_quotes(name))
            clauses += draw(
                st.lists(
                    st.sampled_from(
                        [
                            "NOT NULL",
                            "NULL",
                            "CONSTRAINT nn NOT NULL ON CONFLICT IGNORE",
                            "COLLATE NOCASE",
                            f"CHECK ({own} IS NOT 'never,')",
                            f"CONSTRAINT [a check] CHECK (typeof({own}) <> 'x)')",
                            f"DEFAULT {draw(st.sampled_from(DEFAULTS))}",
                            "UNIQUE ON CONFLICT REPLACE",
                            f"CONSTRAINT fk REFERENCES parent (id){draw(st.sampled_from(ACTIONS))}",
                        ]
                    ),
                    max_size=3,
                    unique_by=lambda clause: clause.replace("CONSTRAINT nn ", "").split()[0],
                )
            )
        parts.append(space.join([draw(in_quotes(name)), *(clause for clause in clauses if clause)]))
    ordinary = [name for name in names if name not in generated]
    if not inline_key and (not has_rowid or draw(st.booleans())):
        key = ", ".join(map(quoted, draw(st.lists(st.sampled_from(ordinary), min_size=1, max_size=2, unique=True))))
        parts.append(f"PRIMARY KEY ({key})")
    pair = ", ".join(map(quoted, ordinary[:2]))
    extra = [
        f"UNIQUE ({pair}) ON CONFLICT IGNORE",
        f"CONSTRAINT uq UNIQUE ({pair})",
        f"CHECK ({quoted(names[0])} IS NOT 'a,)' AND 1)",
        f"CONSTRAINT [big check] CHECK (({quoted(names[-1])}) IS NOT 99999)",
        f"FOREIGN KEY ({quoted(ordinary[0])}) REFERENCES {quoted(table)} ({quoted(ordinary[0])}) ON DELETE CASCADE",
    ]
    between = draw(st.sampled_from([", ", ",\n\t", ",", " , -- a comma, it's\n"]))
    constraints = draw(st.lists(st.sampled_from(extra), max_size=3, unique=True))
    joined = between.join([*parts, *constraints[:1]])
    for constraint in constraints[1:]:
        joined += draw(st.sampled_from([between, " "])) + constraint
    options = ", ".join([*(["STRICT"] if is_strict else []), *([] if has_rowid else ["WITHOUT ROWID"])])
    before, after = draw(st.sampled_from(["", " ", "\n"])), draw(st.sampled_from(["", "\n"]))
    text = f"CREATE TABLE {draw(in_quotes(table))}{before}({joined}{after}){options}"
    return text, table, names, generated


def make(draw, text, table, names, generated):
    """The database, with things that depend on the table, and rows; None where SQLite refuses the table itself."""
    memory = Memory("create table parent (id integer primary key)", "create table log (what)", "insert into log values ('first')")
    try:
        memory.run(text)
    except sqlite3.OperationalError:
        return None
    here, first, last = quoted(table), quoted(names[0]), quoted(names[-1])
    around = [
        f"CREATE INDEX i1 ON {here} ({first} DESC, {last} COLLATE NOCASE)",
        f"CREATE INDEX i2 ON {here} (lower({last}))  WHERE {first} > 1",
        f"CREATE TRIGGER r1 AFTER DELETE ON {here} BEGIN INSERT INTO log VALUES (old.{first}); -- {table}\nEND",
        f"CREATE TRIGGER r2 BEFORE UPDATE OF {first} ON {here} BEGIN SELECT 'x;'; END",
        f"CREATE VIEW v1 AS SELECT * FROM {here}",
        f"CREATE VIEW v2 AS SELECT {first} AS x FROM {here}",
        f"CREATE TABLE child (x REFERENCES {here} ON DELETE CASCADE)",
        "insert into child values (1), (2)",
    ]
    for statement in around:
        if draw(st.booleans()):
            is_missing = statement.startswith("insert") and "child" not in memory.texts()
            memory.run(*([] if is_missing else [statement]))
    ordinary = [name for name in names if name not in generated]
    for _ in range(draw(st.integers(0, 6))):
        marks = ", ".join("?" for _ in ordinary)
        values = [draw(VALUES) for _ in ordinary]
        try:
            memory.driver.execute(f"insert into {here} ({', '.join(map(quoted, ordinary))}) values ({marks})", values)
        except (sqlite3.IntegrityError, sqlite3.OperationalError):
            continue
    memory.driver.commit()
    if draw(st.booleans()):
        memory.run("analyze")
    return memory


def alter(draw, batch, table, names, generated):
    """One random alteration; what it does to columns: (kind, old name, new name)."""
    ordinary = [name for name in names if name not in generated]
    name = draw(st.sampled_from(ordinary))
    kind = draw(
        st.sampled_from(["type", "null", "default", "add", "rename", "unique", "check", "fk", "drop", "index", "nothing"])
    )
    match kind:
        case "type":
            batch.alter_column(name, type_=draw(st.sampled_from(CHANGED)))
        case "null":
            batch.alter_column(name, nullable=draw(st.booleans()))
        case "default":
            batch.alter_column(
                name, server_default=draw(st.sampled_from([None, "it's", sa.text("7"), sa.func.current_timestamp()]))
            )
        case "add":
            batch.add_column(
                sa.Column("new one", sa.Integer, server_default="3"),
                **draw(st.sampled_from([{}, {"insert_after": name}, {"insert_before": name}])),
            )
        case "rename":
            batch.alter_column(name, new_column_name="renamed")
        case "unique":
            batch.create_unique_constraint("uq_new", [name])
        case "check":
            batch.create_check_constraint("ck_new", sa.column(name) != sa.literal_column("'%no('"))
        case "fk":
            batch.create_foreign_key("fk_new", "parent", [name], ["id"])
        case "drop":
            batch.drop_column(name)
        case "index":
            batch.create_index("ix_new", [name])
    return kind, name


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize="WHIMBREL_TEST_RANDOM" not in os.environ,
    suppress_health_check=list(HealthCheck),
)
@given(st.data())
def test_nothing_else_changes(data):
    draw = data.draw
    text, table, names, generated = draw(tables())
    memory = make(draw, text, table, names, generated)
    if memory is None:
        return
    before, texts = memory.state(), memory.texts()
    sequence = memory.contents().get("sqlite_sequence", [])
    rows = {name: memory.exactly(table, [name]) for name in names}
    integrity = memory.rows("pragma integrity_check")
    done: list[tuple[str, str]] = []
    refused = None
    try:
        with memory.op.batch_alter_table(table, recreate=draw(st.sampled_from(["auto", "auto", "always"]))) as batch:
            for _ in range(draw(st.integers(1, 3))):
                done.append(alter(draw, batch, table, names, generated))
    except (Refused, CommandError, sa.exc.OperationalError, sa.exc.IntegrityError) as error:
        refused = str(getattr(error, "orig", error))
    if refused is not None:
        event(f"refused: {refused[:60]}")
        memory.connection.rollback()
        assert memory.state() == before, refused
        return
    kinds = {kind for kind, _ in done}
    renamed = next((name for kind, name in done if kind == "rename"), None)
    # The rows; a column that becomes INTEGER PRIMARY KEY is the rowid from then on.
    has_same_rowids = parse(memory.sql(table)).rowid_alias == parse(texts[table]).rowid_alias or "rename" in kinds
    for name in names:
        if ("drop", name) in done:
            continue
        now = memory.exactly(table, ["renamed" if name == renamed else name])
        if ("type", name) in done:
            assert len(now) == len(rows[name])
            for *_, old in rows[name]:
                assert any(same_meaning(old, new) for *_, new in now), (old, now, done, texts, memory.sql(table))
        elif name not in generated and has_same_rowids:
            assert now == rows[name], (done, texts[table], memory.sql(table))
        elif name not in generated:
            assert sorted(row[1:] for row in now) == sorted(row[1:] for row in rows[name])
    # All other rows, and the counter.
    contents = memory.contents()
    for other in ("log", "parent", "child"):
        assert contents.get(other) == before[1].get(other)
    if "AUTOINCREMENT" in memory.sql(table):
        assert contents.get("sqlite_sequence", []) == sequence
    # All other texts, and the parts of this one that nobody asked to change.
    if not kinds & {"rename", "drop"}:
        now = memory.texts()
        others = {name: sql for name, sql in now.items() if name not in (table, "ix_new", "sqlite_stat1", "sqlite_stat4")}
        assert others == {name: sql for name, sql in texts.items() if name not in (table, "sqlite_stat1", "sqlite_stat4")}
        if kinds <= {"nothing", "index"}:
            assert now[table].split("(", 1)[1] == texts[table].split("(", 1)[1]
    # SQLite 3.40 mixes up the columns of a table without rowid in the check of NOT NULL.
    if integrity == [("ok",)] and "WITHOUT ROWID" not in memory.sql(table):
        assert memory.rows("pragma integrity_check") == integrity
    assert memory.rows("pragma legacy_alter_table") == [(0,)]
    assert not [name for name in memory.texts() if name.startswith("_whimbrel")]


def same_meaning(old: str, new: str) -> bool:
    """Whether two values, as SQLite quotes them, are the same number or the same text or bytes."""
    if old == new or "NULL" in (old, new):
        return old == new
    with sqlite3.connect(":memory:") as connection:
        ((a, b),) = connection.execute(f"select {old}, {new}".replace("Inf", "9e999")).fetchall()
    if isinstance(a, bytes) or isinstance(b, bytes):
        return (a if isinstance(a, bytes) else str(a).encode()) == (b if isinstance(b, bytes) else str(b).encode())
    try:
        return float(a) == float(b) and (not isinstance(a, int) or not isinstance(b, int) or a == b)
    except ValueError:
        return False
