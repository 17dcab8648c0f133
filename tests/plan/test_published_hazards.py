"""Examples that others warn of, beside those of ``test_known_hazards``: ``review`` says what each does here, if anything.

Each has the codes of its findings and what happens in its first line, and then the body of ``upgrade()``; ``harmless`` stands
where there is neither a danger nor a lock: on this version of the server, or because of how Whimbrel executes it.
"""

from __future__ import annotations

import json
import re
from textwrap import dedent

from kit import Project, on

GIVEN = {
    "postgresql": """
        create type mood as enum ('sad', 'ok', 'happy');
        create domain grade as integer;
        create table org (id integer primary key, title text not null);
        create table bill (
            id integer primary key, amount text, name varchar(200), tag varchar(20) constraint uq_tag unique, age integer,
            at timestamptz, due timestamp not null default now(), ip cidr, wait interval(3), bits bit(4), grade grade, mood mood);
        create table line (id integer primary key, bill_id integer, org_id integer, big_id bigint, code integer not null);
        create table ticket (id integer primary key, bill_id integer constraint fk_bill references bill);
        create table keyless (code integer not null);
        create table sparse (a integer, b integer);
        insert into sparse values (1, 1), (2, null);
        create view bills as select id, amount from bill;
        create index ix_line_bill on line (bill_id);
        create index ix_line_org on line (org_id) where org_id = 1;
        insert into org values (1, 'a');
        insert into bill select n, n || 'x', 'same', 't' || n, n, now(), now(), '10.0.0.0/8', '1 h', '0101', n, 'ok'
            from generate_series(1, 20) n;
        insert into line select n, n, 99, n, n from generate_series(1, 20) n;
        insert into ticket select n, n from generate_series(1, 20) n;
        insert into keyless select n from generate_series(1, 20) n;
        create materialized view sums as select org_id, count(*) from line group by org_id;
        analyze
    """,
    "mariadb": """
        create table org (id int primary key, title varchar(50));
        create table bill (
            id int primary key, amount varchar(20), name varchar(200), note text, due timestamp null, n int not null default 5);
        create table line (id int primary key, bill_id int, org_id int, code int not null, key ix_bill (bill_id));
        create table big (id int auto_increment primary key, name varchar(50)) auto_increment=1900000000;
        create table part (id int not null) partition by range (id)
            (partition p0 values less than (10), partition p1 values less than (100));
        create table keyless (code int not null);
        create table sparse (a int, b int);
        insert into sparse values (1, 1), (2, null);
        insert into org values (1, 'a');
        insert into bill (id, amount, name, note) select seq, concat(seq, 'x'), 'same', 'é' from seq_1_to_20;
        insert into line select seq, seq, 99, seq from seq_1_to_20;
        insert into big (name) values ('a');
        insert into part select seq from seq_1_to_50;
        insert into keyless select seq from seq_1_to_20
    """,
}
POSTGRESQL = r"""
enum-rename-breaks-programs: a value of an enum gets another name
    op.execute("ALTER TYPE mood RENAME VALUE 'ok' TO 'fine'")
schema-breaks-programs: a table moves
    op.execute("CREATE SCHEMA fresh")
    op.execute("ALTER TABLE bill SET SCHEMA fresh")
type-change-fails type-rewrite: a text becomes a number
    op.execute("ALTER TABLE bill ALTER amount TYPE integer USING amount::integer")
type-change-fails type-rewrite: a text becomes json
    op.execute("ALTER TABLE bill ALTER amount TYPE json USING amount::json")
type-change-fails type-rewrite: a text becomes a UUID
    op.alter_column("bill", "tag", type_=sa.Uuid, postgresql_using="tag::uuid")
type-change-fails type-rewrite: a text becomes shorter than its values
    op.alter_column("bill", "name", type_=sa.String(2))
harmless: types that keep the table
    op.alter_column("bill", "name", type_=sa.String(250))
    op.alter_column("bill", "amount", type_=sa.String())
    op.execute("ALTER TABLE bill ALTER ip TYPE inet")
    op.execute("ALTER TABLE bill ALTER wait TYPE interval")
    op.execute("ALTER TABLE bill ALTER bits TYPE varbit")
type-rewrite: moments get and lose their zone, far away
    op.execute("SET TimeZone = 'Asia/Tokyo'")
    op.execute("ALTER TABLE bill ALTER at TYPE timestamp, ALTER due TYPE timestamptz")
type-breaks-programs: a moment gets a zone
    op.execute("ALTER TABLE bill ALTER due TYPE timestamptz")
index-blocks-writes: an index gives way to another one
    op.drop_index("ix_line_bill", "line")
    op.create_index("ix_line_bill", "line", ["bill_id", "org_id"])
foreign-key-fails foreign-key-scan: a key over rows that point nowhere
    op.create_foreign_key("fk", "line", "org", ["org_id"], ["id"])
foreign-key-type-differs foreign-key-scan: a key of another type
    op.create_foreign_key("fk", "line", "bill", ["big_id"], ["id"])
foreign-key-type-differs: a new column that refers to another type
    op.add_column("line", sa.Column("b", sa.BigInteger, sa.ForeignKey("bill.id")))
foreign-key-without-index: an index of some rows does not serve a key
    op.execute("ALTER TABLE line ADD FOREIGN KEY (org_id) REFERENCES org (id) NOT VALID")
cascade-deletes-rows foreign-key-scan: a key that deletes
    op.create_foreign_key("fk", "line", "bill", ["bill_id"], ["id"], ondelete="CASCADE")
drop-table-loses-data: a table that refers to another one goes
    op.drop_table("ticket")
harmless: a table that refers to two others
    op.create_table("pair", *(sa.Column(each, sa.Integer, sa.ForeignKey(f"{each}.id")) for each in ("org", "bill")))
harmless: a table with what others would rather not see in it
    op.execute("CREATE TABLE loose (id serial PRIMARY KEY, a char(9) NOT NULL, b varchar(9), c timestamp, d smallint, e mood)")
    op.execute("CREATE INDEX ix_loose ON loose USING hash (a)")
harmless: a domain with a check, and an enum, that nothing has
    op.execute("CREATE DOMAIN plus AS integer CHECK (VALUE > 0)")
    op.execute("CREATE TYPE kind AS ENUM ('a', 'b')")
    op.execute("ALTER TYPE mood ADD VALUE 'wild'")
harmless: statements that lock for a moment
    op.drop_index("ix_line_bill", "line")
    op.execute("ALTER TABLE bill ADD COLUMN number integer DEFAULT 10 NOT NULL")
    op.execute("ALTER TABLE bill REPLICA IDENTITY FULL")
    op.execute("ALTER TABLE ticket RENAME CONSTRAINT fk_bill TO fk_other")
    op.execute("CREATE FUNCTION f() RETURNS trigger LANGUAGE plpgsql AS 'begin return new; end'")
    op.execute("CREATE TRIGGER t BEFORE UPDATE ON bill FOR EACH ROW EXECUTE FUNCTION f()")
harmless: an index CONCURRENTLY, which is executed outside of the transaction
    op.execute("CREATE INDEX CONCURRENTLY ix ON bill (amount)")
default-breaks-programs: a default goes
    op.alter_column("bill", "due", server_default=None)
default-breaks-programs: a default that goes at once
    op.execute("ALTER TABLE bill ADD COLUMN number integer DEFAULT 10 NOT NULL")
    op.execute("ALTER TABLE bill ALTER number DROP DEFAULT")
null-breaks-programs: a column may be null
    op.execute("ALTER TABLE line ALTER code DROP NOT NULL")
unique-build: a primary key
    op.execute("ALTER TABLE keyless ADD PRIMARY KEY (code)")
not-null-fails unique-build: a primary key over nulls
    op.execute("ALTER TABLE sparse ADD PRIMARY KEY (a, b)")
unique-build: a primary key for another one
    op.execute("ALTER TABLE line DROP CONSTRAINT line_pkey, ADD PRIMARY KEY (code)")
domain-fails domain-scan: a domain gets a check
    op.execute("ALTER DOMAIN grade ADD CONSTRAINT low CHECK (VALUE < 10)")
drop-column-loses-data: a column goes with what uses it
    op.execute("ALTER TABLE bill DROP COLUMN amount CASCADE")
drop-column-loses-data view-breaks: a column of a view goes
    op.execute("ALTER TABLE bill DROP COLUMN amount")
rename-breaks-programs: a view gives way to a table
    op.execute("DROP VIEW bills")
    op.execute("ALTER TABLE bill RENAME TO bills")
truncate-loses-data: a table is emptied with all that refers to it
    op.execute("TRUNCATE bill CASCADE")
slow-after-lock index-blocks-writes: an index after the lock of another table
    op.execute("ALTER TABLE bill ADD COLUMN email text")
    op.create_index("ix", "line", ["code"])
alter-twice not-null-scan: two columns become NOT NULL, one after the other
    op.execute("ALTER TABLE bill ALTER name SET NOT NULL")
    op.execute("ALTER TABLE bill ALTER tag SET NOT NULL")
constraint-dropped: a unique constraint goes
    op.drop_constraint("uq_tag", "bill", type_="unique")
check-fails check-scan: a check that rows do not meet
    op.create_check_constraint("ck", "bill", "length(name) > 5")
unique-fails unique-build: unique over the same values
    op.create_unique_constraint("uq", "bill", ["name"])
exclusion-fails unique-build: rows that exclude each other
    op.execute("ALTER TABLE bill ADD CONSTRAINT ex EXCLUDE (name WITH =)")
check-scan: a column with a default and a check
    op.execute("ALTER TABLE bill ADD COLUMN years integer DEFAULT 18 CHECK (years >= 18)")
default-rewrite: a random default
    op.execute("ALTER TABLE bill ADD COLUMN value int DEFAULT (random() * 1000)::int")
rows-deleted: rows with a condition
    op.execute("DELETE FROM line WHERE id < 5")
delete-meets-every-row: a condition that every row meets
    op.execute("DELETE FROM line WHERE id > 0")
update-loses-data: a column is emptied
    op.execute("UPDATE bill SET amount = NULL")
refresh-blocks-reads: a materialized view is made anew
    op.execute("REFRESH MATERIALIZED VIEW sums")
name-too-long: names that are cut
    op.execute("CREATE TABLE " + "long_" * 14 + " (" + "wide_" * 14 + " bigint)")
"""
MARIADB = r"""
harmless: an index, columns of every kind, and a longer text
    op.create_index("ix", "bill", ["amount"])
    op.execute("ALTER TABLE bill ADD COLUMN made datetime DEFAULT (now() + interval 1 day)")
    op.execute("ALTER TABLE bill ADD COLUMN discount double, ADD COLUMN seen timestamp NULL")
    op.execute("ALTER TABLE bill ADD COLUMN first_ int FIRST")
    op.execute("ALTER TABLE bill MODIFY name varchar(250)")
    op.execute("ALTER TABLE line DROP INDEX ix_bill")
harmless: a foreign key without a look at the rows
    op.execute("SET SESSION foreign_key_checks = 0")
    op.execute("ALTER TABLE line ADD CONSTRAINT fk FOREIGN KEY (bill_id) REFERENCES bill (id)")
    op.execute("SET SESSION foreign_key_checks = 1")
harmless: a table with what others would rather not see in it
    op.execute("CREATE TABLE loose (id varchar(36) PRIMARY KEY, org_id int, a varchar(9) CHARACTER SET latin1, b float,"
               " FOREIGN KEY (org_id) REFERENCES org (id)) ENGINE=Aria")
foreign-key-fails table-copy: a key over rows that point nowhere
    op.create_foreign_key("fk", "line", "org", ["org_id"], ["id"])
type-change-fails: a text becomes shorter than its values
    op.execute("ALTER TABLE bill MODIFY name varchar(2)")
type-change-fails: a text becomes a number
    op.execute("ALTER TABLE bill MODIFY amount int")
type-change-fails table-copy: a character set that lacks letters
    op.execute("ALTER TABLE bill CONVERT TO CHARACTER SET ascii")
table-copy: a character set of one column
    op.execute("ALTER TABLE bill MODIFY note text CHARACTER SET latin1")
check-fails table-copy: a check that rows do not meet
    op.create_check_constraint("ck", "bill", "char_length(name) > 10")
table-copy: a column that counts
    op.execute("ALTER TABLE keyless ADD COLUMN id int AUTO_INCREMENT PRIMARY KEY")
numbers-run-out: a table whose numbers come to their end
    op.execute("ALTER TABLE big ADD COLUMN a int")
index-repeats: an index that is there already
    op.execute("ALTER TABLE line ADD INDEX ix_again (bill_id)")
index-repeats: an index that the primary key serves for
    op.execute("ALTER TABLE line ADD KEY ix_id (id)")
truncate-loses-data: a table is emptied
    op.execute("TRUNCATE TABLE bill")
truncate-loses-data: a partition goes
    op.execute("ALTER TABLE part DROP PARTITION p0")
truncate-loses-data: a partition is emptied
    op.execute("ALTER TABLE part TRUNCATE PARTITION p0")
table-copy: no more partitions
    op.execute("ALTER TABLE part REMOVE PARTITIONING")
not-null-fails: a primary key over nulls
    op.create_primary_key(None, "sparse", ["a", "b"])
unique-fails: unique over the same values
    op.execute("ALTER TABLE bill ADD UNIQUE (name)")
not-null-fails: NOT NULL over nulls
    op.execute("ALTER TABLE bill MODIFY due timestamp NOT NULL")
default-breaks-programs: a default goes
    op.execute("ALTER TABLE bill ALTER COLUMN n DROP DEFAULT")
null-breaks-programs: a column may be null
    op.execute("ALTER TABLE line MODIFY code int NULL")
new-column-without-value: a required column
    op.execute("ALTER TABLE bill ADD COLUMN kind varchar(20) NOT NULL")
"""


def otherwise(project: Project, examples: str) -> dict[str, set[str]]:
    """The examples of which ``review`` says something else, with what it says."""
    project.keywords = ", review_limit=0"  # a second is too long to wait
    project.app("")
    project.ok("init")
    for statement in GIVEN[project.database.kind].split(";"):
        project.database.run(statement)
    found = {}
    for codes, what, body in re.findall(r"^([\w -]+): (.*)\n((?: .*\n)+)", examples, re.MULTILINE):
        for path in project.versions.glob("*.py"):
            path.unlink()
        project.revision(dedent(body), id="example", after=None)
        said = json.loads(project.flask("review", "--format", "json").out)["findings"]
        wanted = set(codes.split()) - {"harmless"}
        told = {each["code"] for each in said if wanted or each["severity"] != "notice" or each["code"] == "not-seen"}
        if not (wanted <= told if wanted else not told):
            found[what] = told
    return found


@on("postgresql")
def test_published_hazards_of_postgresql(project: Project):
    assert otherwise(project, POSTGRESQL) == {}


@on("mariadb")
def test_published_hazards_of_mariadb(project: Project):
    assert otherwise(project, MARIADB) == {}
