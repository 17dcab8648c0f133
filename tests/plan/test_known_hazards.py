"""Hazards that people have written down about migrations: each is a revision here, and ``review`` says what it is.

Each has the code of the finding and what happens in its first line, and then the body of ``upgrade()``; the tables have rows.
"""

from __future__ import annotations

import json
import re
from textwrap import dedent

from kit import Project, on

SCHEMA = {
    "postgresql": """
        create type mood as enum ('sad', 'ok', 'happy');
        create domain positive as integer check (value > 0);
        create sequence tickets;
        create function next_ticket() returns bigint language sql volatile as 'select nextval(''tickets'')';
        create access method heap2 type table handler heap_tableam_handler;
        create schema old;
        create table org (id integer primary key, title text not null);
        create table person (
            id integer primary key, name varchar(50), nickname varchar(50), age integer, price numeric(10, 2),
            born timestamp(3), day date, data text, mood mood, team_id integer,
            org_id integer constraint fk_org references org, constraint ck_age check (age > 0));
        create index ix_person_org on person (org_id);
        create table pet (id integer, person_id integer, kind text);
        create unique index ux_pet_id on pet (id);
        create table visit (id integer, who integer) partition by range (id);
        create table visit_1 partition of visit for values from (0) to (100);
        create table place (id integer, name text);
        create table town (size integer) inherits (place);
        insert into visit select n, n from generate_series(1, 20) n;
        insert into town values (1, 'Ely', 2);
        insert into org select n, 'a' from generate_series(1, 3) n;
        insert into person
            select n, 'n' || n, 'x', nullif(n, 2), 5, now(), now(), 'd', 'happy', 1, 1 from generate_series(1, 20) n;
        insert into pet select n, n, 'cat' from generate_series(1, 5) n;
        analyze
    """,
    "mariadb": """
        create table org (id integer primary key, title text not null);
        create table person (
            id integer primary key, name varchar(50), nickname varchar(50), age integer, price numeric(10, 2),
            data text, mood enum('sad', 'ok', 'happy'), likes set('a', 'b', 'c'), team_id integer,
            org_id integer, constraint fk_org foreign key (org_id) references org (id), constraint ck_age check (age > 0));
        create table pet (id integer, person_id integer, kind text);
        create table page (id integer primary key, number integer, words text, fulltext key (words));
        create table diary (id integer primary key, number integer) engine=Aria;
        insert into page values (1, 1, 'a');
        insert into diary values (1, 1);
        insert into org values (1, 'a'), (2, 'b');
        insert into person select seq, concat('n', seq), 'x', nullif(seq, 2), 5, 'd', 'happy', 'c', 1, 1 from seq_1_to_20;
        insert into pet select seq, seq, 'cat' from seq_1_to_5
    """,
    "sqlite": """
        create table person (id integer primary key, name varchar(50), nickname varchar(50), age integer);
        create table pet (id integer, person_id integer, kind text);
        insert into person values (1, 'a', 'x', 1), (2, 'b', 'x', null);
        insert into pet values (1, 1, 'cat')
    """,
}

POSTGRESQL = r"""
drop-column-loses-data: a column with values is dropped
    op.drop_column("person", "nickname")
type-rewrite: an integer key becomes bigint
    op.alter_column("person", "age", type_=sa.BigInteger())
type-rewrite: a text gets a length
    op.alter_column("person", "data", type_=sa.String(200))
type-rewrite: a date becomes a moment
    op.execute("ALTER TABLE person ALTER COLUMN day SET DATA TYPE timestamp")
type-rewrite: a moment of three digits gets a time zone
    op.execute("SET TimeZone = 'UTC'")
    op.execute("ALTER TABLE person ALTER born TYPE timestamptz(3)")
type-rewrite: a moment gets a time zone that is not the server's
    op.execute("SET TIME ZONE 'Europe/Paris'")
    op.execute("ALTER TABLE person ALTER born TYPE timestamptz")
type-rewrite: a number gets another scale
    op.alter_column("person", "price", type_=sa.Numeric(12, 4))
rename-breaks-programs: a column in use is renamed
    op.alter_column("person", "nickname", new_column_name="alias")
rename-breaks-programs: a table in use is renamed
    op.rename_table("person", "people")
drop-table-loses-data: a table is dropped to be created anew
    op.drop_table("pet")
    op.create_table("pet", sa.Column("id", sa.Integer, primary_key=True))
drop-table-loses-data: a table is dropped if it exists and created anew
    op.execute("DROP TABLE IF EXISTS pet; CREATE TABLE pet (id int)")
default-rewrite: a serial column is added
    op.execute("ALTER TABLE person ADD COLUMN number bigserial")
default-rewrite: an identity column is added
    op.add_column("person", sa.Column("number", sa.BigInteger, sa.Identity()))
default-rewrite: a serial primary key is added
    op.execute("ALTER TABLE pet ADD COLUMN number serial PRIMARY KEY")
default-rewrite: a stored computed column is added
    op.add_column("person", sa.Column("double", sa.Integer, sa.Computed("age * 2", persisted=True)))
foreign-key-scan: a foreign key reads both tables
    op.create_foreign_key("fk_team", "person", "org", ["team_id"], ["id"])
foreign-key-scan: a new column with a foreign key and a value
    op.execute("ALTER TABLE person ADD COLUMN place_id int DEFAULT 1 REFERENCES org (id)")
index-blocks-writes: a reference brings an index that blocks
    op.add_column("person", sa.Column("place_id", sa.Integer))
    op.create_index("ix_place", "person", ["place_id"])
check-scan: a check reads the table
    op.create_check_constraint("ck_price", "person", "price > 0")
check-scan: a check in the words of SQL
    op.execute("ALTER TABLE person ADD CONSTRAINT ck_price CHECK (price > 0)")
foreign-key-scan: a foreign key in the words of SQL
    op.execute("ALTER TABLE person ADD FOREIGN KEY (team_id) REFERENCES org (id)")
not-seen: SQL that is put together while it runs
    op.execute("DO $$ BEGIN EXECUTE format('DROP TABLE %I', 'p' || 'et'); END $$")
change-of-all-rows: every row is filled at once
    op.add_column("person", sa.Column("town", sa.Text))
    op.execute("UPDATE person SET town = 'Ely'")
change-of-all-rows: every row is filled with the lock of a new column
    op.add_column("person", sa.Column("town", sa.Text))
    op.execute(sa.table("person", sa.column("town")).update().values(town="Ely"))
index-blocks-writes: an index is built with writes blocked
    op.create_index("ix_name", "person", ["name"])
unique-build: a unique constraint builds its index under its lock
    op.create_unique_constraint("uq_nick", "person", ["nickname"])
unique-build: a unique column is added
    op.execute("ALTER TABLE person ADD COLUMN ticket int UNIQUE")
unique-build: an exclusion constraint
    op.execute("ALTER TABLE person ADD CONSTRAINT ex EXCLUDE USING gist (box(point(age, age), point(age, age)) WITH &&)")
exclusion-fails: an exclusion constraint over names that are there twice
    op.execute("ALTER TABLE person ADD CONSTRAINT ex EXCLUDE (nickname WITH =)")
exclusion-fails: an exclusion constraint with a condition and an expression
    op.execute("ALTER TABLE person ADD EXCLUDE USING btree (lower(nickname) text_ops WITH =) WHERE (age > 0)")
exclusion-fails: an exclusion constraint as an operation
    op.create_exclude_constraint("ex", "person", ("nickname", "="), using="btree")
exclusion-fails: an exclusion constraint over ranges
    op.execute("ALTER TABLE person ADD EXCLUDE USING gist (int4range(age, age + 5) WITH &&)")
json-column: a json column
    op.add_column("person", sa.Column("more", sa.JSON))
default-rewrite: a default of its own for every row
    op.add_column("person", sa.Column("token", sa.Uuid, server_default=sa.text("gen_random_uuid()")))
default-rewrite: a default that tells the time of the row
    op.execute("ALTER TABLE person ADD COLUMN at timestamptz DEFAULT clock_timestamp()")
default-rewrite: a default made by a function of one's own
    op.execute("ALTER TABLE person ADD COLUMN ticket int DEFAULT next_ticket()")
not-null-scan: a column becomes NOT NULL
    op.alter_column("person", "nickname", nullable=False)
not-null-scan: a column is filled and becomes NOT NULL
    op.execute("UPDATE person SET age = 0 WHERE age IS NULL")
    op.alter_column("person", "age", nullable=False)
new-column-without-value: a required column without a value
    op.add_column("person", sa.Column("rank", sa.Integer, nullable=False))
unique-build: a primary key builds its index under its lock
    op.create_primary_key("pk_pet", "pet", ["id"])
not-null-scan: a primary key on an index over a nullable column
    with op.get_context().autocommit_block():
        op.execute("CREATE UNIQUE INDEX CONCURRENTLY ix_pk ON pet (id)")
    op.execute("ALTER TABLE pet ADD CONSTRAINT pk_pet PRIMARY KEY USING INDEX ix_pk")
not-null-scan: a primary key on an index that is there, over a nullable column
    op.execute("ALTER TABLE pet ADD CONSTRAINT pk_pet PRIMARY KEY USING INDEX ux_pet_id")
drop-schema-loses-data: a whole database is dropped
    op.execute("DROP DATABASE elsewhere")
drop-table-loses-data: a table with rows is dropped
    op.drop_table("pet")
truncate-loses-data: truncate with what refers to it
    op.execute("TRUNCATE TABLE org CASCADE")
transaction-in-revision: a transaction inside of the transaction
    op.execute("BEGIN")
    op.add_column("person", sa.Column("town", sa.Text))
    op.execute("COMMIT")
transaction-in-revision: a transaction that is begun and never ended
    op.execute("BEGIN")
transaction-in-revision: a script with its own transaction
    op.execute("BEGIN; ALTER TABLE person ADD COLUMN town text; COMMIT;")
default-rewrite: a column with a domain that has a check
    op.execute("ALTER TABLE person ADD COLUMN rate positive")
not-seen: SQL with a mistake
    op.execute("ALTER TABEL person ADD COLUMN x int")
name-too-long: a name that is cut
    op.execute("CREATE INDEX CONCURRENTLY " + "i" * 70 + " ON person (name)")
index-blocks-writes: an index is rebuilt under its lock
    op.execute("REINDEX INDEX ix_person_org")
index-blocks-writes: all indexes of a table are rebuilt
    op.execute("REINDEX TABLE person")
table-rewrite: a table is written in the order of an index
    op.execute("CLUSTER person USING person_pkey")
table-rewrite: a table is packed
    with op.get_context().autocommit_block():
        op.execute("VACUUM FULL person")
table-rewrite: a table is packed and counted
    with op.get_context().autocommit_block():
        op.execute("VACUUM (FULL, ANALYZE) person")
check-scan: a check on a new column
    op.execute("ALTER TABLE person ADD COLUMN size int CHECK (size > 0)")
validate-in-same-transaction: NOT VALID and VALIDATE in one transaction
    op.execute("ALTER TABLE person ADD CONSTRAINT ck CHECK (age > 0) NOT VALID")
    op.execute("ALTER TABLE person VALIDATE CONSTRAINT ck")
drop-schema-loses-data: a schema is dropped
    op.execute("DROP SCHEMA old")
unique-fails: a unique index over values that are there twice
    op.create_index("ux_nick", "person", ["nickname"], unique=True)
unique-fails: an index becomes unique over values that are there twice
    op.drop_index("ix_person_org", "person")
    op.create_index("ix_person_org", "person", ["org_id"], unique=True)
not-null-fails: NOT NULL over nulls
    op.alter_column("person", "age", nullable=False)
constraint-dropped: a foreign key is dropped
    op.drop_constraint("fk_org", "person", type_="foreignkey")
constraint-dropped: a check is dropped
    op.drop_constraint("ck_age", "person", type_="check")
constraint-dropped: a primary key is dropped
    op.execute("ALTER TABLE person DROP CONSTRAINT person_pkey")
table-rewrite: a table leaves the log
    op.execute("ALTER TABLE person SET UNLOGGED")
table-rewrite: a table gets another access method
    op.execute("ALTER TABLE person SET ACCESS METHOD heap2")
not-null-scan: several changes in one statement, the second reads
    op.execute("ALTER TABLE person ADD COLUMN town text, ALTER COLUMN nickname SET NOT NULL")
type-rewrite: several changes in one statement, the second writes anew
    op.execute("ALTER TABLE person ADD COLUMN town text, ALTER COLUMN age TYPE bigint")
drop-column-loses-data: several changes in one statement, the second drops
    op.execute("ALTER TABLE person ADD COLUMN town text, DROP COLUMN nickname")
check-scan: a check and a column in one statement
    op.execute("ALTER TABLE person ADD COLUMN town text, ADD CONSTRAINT ck CHECK (price > 0)")
new-column-without-value: a required column in the words of SQL
    op.execute("ALTER TABLE person ADD COLUMN rank int NOT NULL")
json-column: a json column in the words of SQL
    op.execute("ALTER TABLE person ADD COLUMN more json")
rename-breaks-programs: a renamed column in the words of SQL
    op.execute("ALTER TABLE person RENAME COLUMN name TO title")
rename-breaks-programs: a renamed table in the words of SQL
    op.execute("ALTER TABLE person RENAME TO people")
not-null-fails: NOT NULL over nulls in the words of SQL
    op.execute("ALTER TABLE person ALTER age SET NOT NULL")
unique-fails: unique over values that are there twice, in the words of SQL
    op.execute("ALTER TABLE person ADD UNIQUE (nickname)")
unique-fails: a unique index over values that are there twice, in the words of SQL
    op.execute("CREATE UNIQUE INDEX CONCURRENTLY ux_nick ON person (nickname)")
unique-fails: a primary key over values that are there twice
    op.create_primary_key("pk", "pet", ["kind"])
not-null-fails: several changes in one statement, the second meets nulls
    op.execute("ALTER TABLE person ADD COLUMN town text, ALTER COLUMN age SET NOT NULL")
delete-without-condition: rows are deleted by an empty condition
    op.execute("DELETE FROM pet")
type-rewrite: a table with partitions is written anew
    op.alter_column("visit", "who", type_=sa.BigInteger())
index-blocks-writes: an index of all partitions
    op.create_index("ix_visit", "visit", ["who"])
check-scan: a check of a table that others inherit from
    op.create_check_constraint("ck_place", "place", "id > 0")
drop-column-loses-data: a column is dropped after a comment
    op.execute("/* it's old */ ALTER TABLE person -- really\n DROP nickname")
type-rewrite: a type changes after a comment
    op.execute("/* x, y */ ALTER /* z */ TABLE person ALTER age TYPE bigint")
"""
MARIADB = r"""
table-copy: an index is built by a copy
    op.execute("ALTER TABLE person ADD INDEX ix_name (name), ALGORITHM=COPY")
table-copy: an index is built by a copy, as an index
    op.execute("CREATE INDEX ix_name ON person (name) ALGORITHM=COPY")
table-copy: an index is built while nobody writes
    op.execute("ALTER TABLE person ADD INDEX ix_name (name), LOCK=SHARED")
table-copy: an index is built while nobody writes, as an index
    op.execute("CREATE INDEX ix_name ON person (name) LOCK=SHARED")
table-copy: an index is built while nobody reads
    op.execute("ALTER TABLE person ADD INDEX ix_name (name), LOCK=EXCLUSIVE")
table-copy: a default of its own for every row
    op.execute("ALTER TABLE person ADD COLUMN token varchar(36) DEFAULT (uuid())")
table-copy: a column that counts
    op.execute("ALTER TABLE pet ADD COLUMN number int AUTO_INCREMENT UNIQUE")
table-copy: a stored computed column
    op.add_column("person", sa.Column("double", sa.Integer, sa.Computed("age * 2", persisted=True)))
table-copy: a foreign key is checked by a copy
    op.create_foreign_key("fk_team", "person", "org", ["team_id"], ["id"])
table-copy: a check is checked by a copy
    op.create_check_constraint("ck_price", "person", "price > 0")
table-copy: a number becomes larger
    op.alter_column("person", "age", existing_type=sa.Integer, type_=sa.BigInteger)
table-copy: a text crosses 255 bytes
    op.alter_column("person", "name", existing_type=sa.String(50), type_=sa.String(100))
not-null-fails: a column with nulls becomes NOT NULL
    op.alter_column("person", "age", existing_type=sa.Integer, nullable=False)
drop-column-loses-data: a column is dropped
    op.drop_column("person", "nickname")
rename-breaks-programs: a column is renamed
    op.alter_column("person", "nickname", new_column_name="alias", existing_type=sa.String(50))
rename-breaks-programs: a table is renamed
    op.rename_table("person", "people")
change-of-all-rows: every row is filled at once
    op.execute("UPDATE person SET nickname = 'x'")
new-column-without-value: a required column gets values that nobody chose
    op.execute("ALTER TABLE person ADD COLUMN rank_ int NOT NULL")
new-column-without-value: a required column
    op.add_column("person", sa.Column("rank_", sa.Integer, nullable=False))
rename-breaks-programs: a renamed column in the words of SQL
    op.execute("ALTER TABLE person RENAME COLUMN nickname TO alias")
rename-breaks-programs: a changed name in the words of SQL
    op.execute("ALTER TABLE person CHANGE nickname alias varchar(50)")
rename-breaks-programs: a renamed table in the words of SQL
    op.execute("RENAME TABLE person TO people")
table-copy: several changes in one statement, the second copies
    op.execute("ALTER TABLE person ADD COLUMN town text, MODIFY age bigint")
drop-column-loses-data: several changes in one statement, the second drops
    op.execute("ALTER TABLE person ADD COLUMN town text, DROP COLUMN nickname")
table-copy: an enum loses a value
    op.execute("ALTER TABLE person MODIFY mood enum('sad', 'ok')")
type-change-fails: an enum loses a value that is there
    op.execute("ALTER TABLE person MODIFY mood enum('sad', 'ok')")
table-copy: an enum gets another order
    op.execute("ALTER TABLE person MODIFY mood enum('ok', 'sad', 'happy')")
table-copy: an enum gets a value in the middle
    op.execute("ALTER TABLE person MODIFY mood enum('sad', 'so', 'ok', 'happy')")
table-copy: an enum needs another byte
    values = ", ".join(f"'v{n}'" for n in range(300))
    op.execute(f"ALTER TABLE person MODIFY mood enum('sad', 'ok', 'happy', {values})")
table-copy: a set loses a value
    op.execute("ALTER TABLE person MODIFY likes set('a', 'b')")
type-change-fails: a set loses a value that is there
    op.execute("ALTER TABLE person MODIFY likes set('a', 'b')")
table-copy: a set gets another order
    op.execute("ALTER TABLE person MODIFY likes set('b', 'a', 'c')")
table-copy: a set gets a value in the middle
    op.execute("ALTER TABLE person MODIFY likes set('a', 'x', 'b', 'c')")
table-copy: a set needs another byte
    op.execute("ALTER TABLE person MODIFY likes set('a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i')")
table-copy: a primary key is dropped
    op.execute("ALTER TABLE org DROP PRIMARY KEY")
table-copy: another engine
    op.execute("ALTER TABLE pet ENGINE=Aria")
table-copy: partitions
    op.execute("ALTER TABLE pet PARTITION BY HASH (id) PARTITIONS 4")
table-copy: another character set
    op.execute("ALTER TABLE pet CONVERT TO CHARACTER SET latin1")
drop-table-loses-data: a table with rows is dropped
    op.drop_table("pet")
drop-schema-loses-data: a schema is dropped
    op.execute("DROP DATABASE elsewhere")
unique-fails: a unique index over values that are there twice
    op.execute("ALTER TABLE person ADD UNIQUE INDEX ux_nick (nickname)")
unique-fails: a unique index over values that are there twice, as an index
    op.create_index("ux_nick", "person", ["nickname"], unique=True)
not-null-fails: NOT NULL over nulls in the words of SQL
    op.execute("ALTER TABLE person MODIFY COLUMN age int NOT NULL")
constraint-dropped: a foreign key is dropped
    op.drop_constraint("fk_org", "person", type_="foreignkey")
constraint-dropped: a check is dropped
    op.execute("ALTER TABLE person DROP CONSTRAINT ck_age")
delete-without-condition: rows are deleted with words of how
    op.execute("DELETE LOW_PRIORITY QUICK IGNORE FROM pet")
update-loses-data: a column is emptied with words of how
    op.execute("UPDATE IGNORE pet SET kind = NULL")
drop-table-loses-data: tables are dropped that somebody may have locked
    op.execute("DROP TABLES pet, org WAIT 5")
truncate-loses-data: a table is emptied that nobody may have locked
    op.execute("TRUNCATE pet NOWAIT")
drop-column-loses-data: a column is dropped from a table that nobody may have locked
    op.execute("ALTER TABLE pet NOWAIT DROP COLUMN kind")
table-copy: a type changes in a table that somebody may have locked
    op.execute("ALTER IGNORE TABLE pet WAIT 5 MODIFY person_id bigint")
table-copy: an index is made again
    op.execute("CREATE OR REPLACE FULLTEXT INDEX ix_kind ON pet (kind)")
delete-without-condition: a statement with variables of its own
    op.execute("SET STATEMENT max_statement_time=60, lock_wait_timeout=5 FOR DELETE FROM pet")
drop-table-loses-data: a statement in a text
    op.execute("EXECUTE IMMEDIATE 'DROP TABLE pet'")
truncate-loses-data: the file of a table goes
    op.execute("ALTER TABLE pet DISCARD TABLESPACE")
drop-column-loses-data: a column is dropped after a comment
    op.execute("/* it's old */ ALTER TABLE person -- really\n DROP nickname")
table-copy: a type changes after a comment
    op.execute("# it's small\n/* x, y */ ALTER /* z */ TABLE person MODIFY age bigint")
type-change-fails: a text gets shorter after a comment
    op.execute("/* x */ ALTER TABLE person MODIFY name varchar(1)")
table-copy: a column becomes NOT NULL beside a full text index
    op.alter_column("page", "number", existing_type=sa.Integer, nullable=False)
table-copy: a unique constraint in a table that is none of InnoDB
    op.create_unique_constraint("uq", "diary", ["number"])
table-copy: another primary key in a table that is none of InnoDB
    op.execute("ALTER TABLE diary DROP PRIMARY KEY, ADD PRIMARY KEY (number)")
table-copy: an index is dropped in a table that is none of InnoDB
    op.execute("ALTER TABLE diary ADD KEY k (number)")
    op.drop_index("k", "diary")
table-copy: another engine in other words
    op.execute("ALTER TABLE page ENGINE Aria")
table-copy: a table is packed that is none of InnoDB
    op.execute("OPTIMIZE TABLE diary")
change-of-all-rows: rows are copied into another table
    op.execute("INSERT INTO org (id, title) SELECT id + 10, 'from pet' FROM person")
change-of-all-rows: a table is made of the rows of another
    op.execute("CREATE TABLE people AS SELECT * FROM person")
rename-breaks-programs: a table gets another name in other words
    op.execute("ALTER TABLE person RENAME AS people, ADD COLUMN town text")
drop-table-loses-data: a table is dropped under a name that it gets in other words
    op.execute("ALTER TABLE pet RENAME = `old`; DROP TABLE `old`")
constraint-dropped: a foreign key is dropped with its index
    op.execute("ALTER TABLE person DROP FOREIGN KEY fk_org, DROP KEY fk_org")
constraint-dropped: a check is dropped in the words of MySQL
    op.execute("ALTER TABLE person DROP CHECK ck_age")
constraint-dropped: a primary key is dropped
    op.execute("ALTER TABLE org DROP PRIMARY KEY")
"""
SQLITE = r"""
not-null-fails: NOT NULL over nulls
    with op.batch_alter_table("person") as batch_op:
        batch_op.alter_column("age", existing_type=sa.Integer, nullable=False)
drop-table-loses-data: a table with rows is dropped
    op.drop_table("pet")
drop-column-loses-data: a column with values is dropped
    op.drop_column("person", "nickname")
unique-fails: a unique index over values that are there twice
    op.execute("CREATE UNIQUE INDEX ux ON person (nickname)")
new-column-without-value: a required column without a value
    op.add_column("person", sa.Column("rank", sa.Integer, nullable=False))
rename-breaks-programs: a table in use is renamed
    op.execute("ALTER TABLE person RENAME TO people")
rename-breaks-programs: a column in use is renamed
    op.execute("ALTER TABLE person RENAME COLUMN name TO title")
drop-column-loses-data: a column is dropped after a comment
    op.execute("/* it's old */ ALTER TABLE person -- really\n DROP nickname")
update-loses-data: a column is emptied where that can be done
    op.execute("UPDATE OR IGNORE person SET nickname = NULL")
"""


def not_found(project: Project, hazards: str) -> dict[str, set[str]]:
    """The hazards that ``review`` does not say, with what it says instead. A second is too long to wait."""
    project.keywords = ", review_limit=0"
    project.app("")
    project.ok("init")
    for statement in SCHEMA[project.database.kind].split(";"):
        project.database.run(statement)
    missed = {}
    for code, what, body in re.findall(r"^([\w-]+): (.*)\n((?: .*\n)+)", hazards, re.MULTILINE):
        for path in project.versions.glob("*.py"):
            path.unlink()
        project.revision(dedent(body), id="example", after=None)
        found = json.loads(project.flask("review", "--format", "json").out)["findings"]
        if code not in {each["code"] for each in found}:
            missed[what] = {each["code"] for each in found}
    return missed


@on("postgresql")
def test_hazards_of_postgresql_are_found(project: Project):
    assert not_found(project, POSTGRESQL) == {}


@on("mariadb")
def test_hazards_of_mariadb_are_found(project: Project):
    assert not_found(project, MARIADB) == {}


@on("sqlite")
def test_hazards_of_sqlite_are_found(project: Project):
    assert not_found(project, SQLITE) == {}
