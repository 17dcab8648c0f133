"""The safe way that a finding names: with the names of the revision, so that it can be pasted."""

from __future__ import annotations

import ast
import json
import re

import pytest

from kit import Project, on

SERVER = [
    "create schema other",
    'create table "user" (id integer primary key, email varchar(50), "group" integer, "Org" integer)',
    'create table "Order" (id integer primary key, note varchar(50))',
    'create table other."table" (id integer primary key, n integer)',
    "create domain positive as integer check (value > 0)",
    "create table visit (id integer not null) partition by range (id)",
    "create table visit_1 partition of visit for values from (0) to (100)",
    "insert into visit values (1)",
    "insert into \"user\" values (1, null, 1, 1), (2, 'b', 2, 1)",
    "insert into \"Order\" values (1, 'a'), (2, 'b')",
    'insert into other."table" values (1, 1), (2, null)',
    'create view "Names" as select email from "user"',
    'create materialized view "Kept" as select note from "Order"',
    'create unique index "ux kept" on "Kept" (note)',
]
LOCKS = {
    "op.create_check_constraint('ck_n', 'table', 'n > 0', schema='other')": (
        "check-scan",
        "op.execute('ALTER TABLE other.\"table\" ADD CONSTRAINT ck_n CHECK (n > 0) NOT VALID'),"
        " and op.execute('ALTER TABLE other.\"table\" VALIDATE CONSTRAINT ck_n') in another revision",
    ),
    """op.execute('ALTER TABLE "user" ALTER id SET NOT NULL, ALTER "group" SET NOT NULL')""": (
        "not-null-scan",
        'op.execute(\'ALTER TABLE "user" ADD CONSTRAINT user_id_group_there CHECK (id IS NOT NULL AND "group" IS NOT NULL)'
        " NOT VALID'), and op.execute('ALTER TABLE \"user\" VALIDATE CONSTRAINT user_id_group_there') in another revision,"
        " before this line",
    ),
    "op.create_foreign_key(None, 'user', 'Order', ['Org'], ['id'], ondelete='CASCADE')": (
        "foreign-key-scan",
        'op.create_foreign_key("fk_user_Org", "user", "Order", ["Org"], ["id"], ondelete="CASCADE", postgresql_not_valid=True),'
        ' and op.execute(\'ALTER TABLE "user" VALIDATE CONSTRAINT "fk_user_Org"\') in another revision',
    ),
    """op.execute('ALTER TABLE "user" ADD FOREIGN KEY ("Org") REFERENCES "Order"')""": (
        "foreign-key-without-index",
        'op.create_index("ix_user_Org", "user", ["Org"], postgresql_concurrently=True)',
    ),
    """op.execute('CREATE UNIQUE INDEX ix ON other."table" (n, lower(n::text)) WHERE n > 0')""": (
        "index-blocks-writes",
        'op.create_index("ix", "table", ["n", sa.text("LOWER(CAST(n AS TEXT))")], schema="other", unique=True,'
        ' postgresql_where=sa.text("n > 0"), postgresql_concurrently=True)',
    ),
    "op.create_index('ix_visit', 'visit', ['id'])": (
        "index-blocks-writes",
        'op.execute("CREATE INDEX ix_visit ON ONLY visit (id)"), then one on each partition CONCURRENTLY,'
        " and ALTER INDEX … ATTACH PARTITION",
    ),
    """op.execute('REINDEX TABLE "Order"')""": ("index-blocks-writes", "op.execute('REINDEX TABLE CONCURRENTLY \"Order\"')"),
    "op.create_unique_constraint('uq note', 'Order', ['note'])": (
        "unique-build",
        'op.create_index("uq note", "Order", ["note"], unique=True, postgresql_concurrently=True),'
        ' then op.execute(\'ALTER TABLE "Order" ADD CONSTRAINT "uq note" UNIQUE USING INDEX "uq note"\')',
    ),
    """op.execute('ALTER TABLE "Order" ADD EXCLUDE USING btree (note WITH =)')""": ("unique-build", None),
    "op.add_column('user', sa.Column('from', sa.Uuid(), server_default=sa.text('gen_random_uuid()')))": (
        "default-rewrite",
        'op.execute(\'ALTER TABLE "user" ADD "from" UUID\'),'
        ' then op.execute(\'ALTER TABLE "user" ALTER "from" SET DEFAULT gen_random_uuid()\'), then fill the old rows in batches',
    ),
    """op.execute('ALTER TABLE "user" ADD COLUMN n positive')""": (
        "default-rewrite",
        "the column with the type that the domain is made of, then its check as NOT VALID, which another revision validates",
    ),
    "op.execute('ALTER TABLE visit DETACH PARTITION visit_1')": (
        "detach-blocks-reads",
        'op.execute("ALTER TABLE visit DETACH PARTITION visit_1 CONCURRENTLY")',
    ),
    """op.execute('REFRESH MATERIALIZED VIEW "Kept"')""": (
        "refresh-blocks-reads",
        "op.execute('REFRESH MATERIALIZED VIEW CONCURRENTLY \"Kept\"'), with a unique index on it",
    ),
}
"""What locks, the rule that says it, and the safe way."""

LOSSES = {
    "op.alter_column('table', 'n', nullable=False, schema='other')": (
        "not-null-fails",
        "op.execute('UPDATE other.\"table\" SET n = … WHERE n IS NULL') before",
    ),
    "op.drop_table('table', schema='other')": (
        "drop-table-loses-data",
        'op.rename_table("table", "table_unused", schema="other")',
    ),
    "op.drop_column('user', 'email')": ("view-breaks", "op.execute('DROP VIEW \"Names\"') before, and the new view afterwards"),
    "op.drop_column('Order', 'note')": (
        "view-breaks",
        "op.execute('DROP MATERIALIZED VIEW \"Kept\"') before, and the new view afterwards",
    ),
    "op.add_column('table', sa.Column('m', sa.Integer(), nullable=False), schema='other')": (
        "new-column-without-value",
        'op.add_column("table", sa.Column("m", …, server_default=…), schema="other")',
    ),
}


@pytest.fixture
def shop(project: Project) -> Project:
    project.keywords = ", review_limit=0"
    project.app("")
    project.ok("init")
    return project


def safe(project: Project, code: str, up: str) -> str | None:
    """The safe way that a rule names for a revision."""
    for path in project.versions.glob("*.py"):
        path.unlink()
    project.revision(up, id="aaaa", after=None)
    listed = json.loads(project.flask("review", "--format", "json").out)["findings"]
    (found,) = [each["safe"] for each in listed if each["code"] == code]
    return found


@on("postgresql")
def test_the_safe_way_has_the_names_of_the_revision(shop):
    for statement in [*SERVER, "analyze"]:
        shop.database.run(statement)
    for up, (code, wanted) in (LOCKS | LOSSES).items():
        assert safe(shop, code, up) == wanted, up


@on("postgresql")
def test_the_safe_way_runs_as_it_is_pasted(shop):
    for statement in SERVER:
        shop.database.run(statement)
    shop.database.run("delete from visit")
    shop.revision("pass", after=None)
    wanted = [each for _, each in LOCKS.values() if each] + [LOSSES["op.drop_table('table', schema='other')"][1]]
    for text in wanted:
        for line in re.findall(r"op\..+?\)(?=$|, then| in another|, and|, with|, before)", text):
            ast.parse(line)
            shop.revision(line)
            shop.ok("upgrade")


@pytest.mark.parametrize(
    ("up", "code", "wanted"),
    [
        (
            "op.alter_column('order', 'key', existing_type=sa.Integer(), nullable=False)",
            "not-null-fails",
            'op.execute("UPDATE `order` SET `key` = … WHERE `key` IS NULL") before',
        ),
        ("op.drop_column('order', 'key')", "view-breaks", 'op.execute("DROP VIEW `select`") before, and the new view afterwards'),
        ("op.drop_table('order')", "still-referenced", 'op.drop_constraint("of order", "row", type_="foreignkey") before'),
        (
            "op.alter_column('row', 'keys', existing_type=sa.Integer(), type_=sa.BigInteger())",
            "check-goes-along",
            'op.execute("ALTER TABLE row MODIFY `keys` … CHECK (`keys` > 0)")',
        ),
    ],
)
@on("mariadb")
def test_the_safe_way_on_mariadb_has_names_in_its_own_quotes(shop, up, code, wanted):
    shop.database.run("create table `order` (id integer primary key, `key` integer)")
    shop.database.run(
        "create table `row` (id integer, `keys` integer check (`keys` > 0),"
        " constraint `of order` foreign key (id) references `order` (id))"
    )
    shop.database.run("create view `select` as select `key` from `order`")
    shop.database.run("insert into `order` values (1, null)")
    shop.database.run("insert into `row` values (1, 1)")
    assert safe(shop, code, up) == wanted


@pytest.mark.parametrize(
    ("up", "code", "wanted"),
    [
        (
            "with op.batch_alter_table('order') as b:\n    b.alter_column('group', nullable=False)",
            "not-null-fails",
            'op.execute(\'UPDATE "order" SET "group" = … WHERE "group" IS NULL\') before',
        ),
        (
            "op.drop_column('order', 'group')",
            "view-breaks",
            "op.execute('DROP VIEW \"select\"') before, and the new view afterwards",
        ),
        (
            "op.add_column('order', sa.Column('at', sa.DateTime(), server_default=sa.func.now()))",
            "add-column-fails",
            'with op.batch_alter_table("order") as batch_op: batch_op.add_column(…)',
        ),
    ],
)
@on("sqlite")
def test_the_safe_way_on_sqlite_has_names_in_quotes(shop, up, code, wanted):
    shop.database.run('create table "order" (id integer primary key, "group" integer)')
    shop.database.run('create view "select" as select o."group" from "order" o')
    shop.database.run('insert into "order" values (1, null)')
    assert safe(shop, code, up) == wanted


@pytest.mark.parametrize(
    ("type_", "wanted"),
    [
        (
            "String(50)",
            {
                "postgresql": 'op.alter_column("order", "note", new_column_name="memo"), if memo is the same thing',
                "mariadb": 'op.alter_column("order", "note", new_column_name="memo", existing_type=…), if memo is the same thing',
                "sqlite": 'with op.batch_alter_table("order") as batch_op: batch_op.alter_column("note", new_column_name="memo"),'
                " if memo is the same thing",
            },
        ),
        ("String(20)", {}),
    ],
)
def test_a_column_that_goes_where_one_like_it_comes_may_be_renamed(shop, type_, wanted):
    order = "`order`" if shop.database.kind == "mariadb" else '"order"'
    shop.database.run(f"create table {order} (id integer primary key, note varchar(50))")
    shop.database.run(f"insert into {order} values (1, 'a')")
    up = f"op.add_column('order', sa.Column('memo', sa.{type_}))\nop.drop_column('order', 'note')"
    assert safe(shop, "drop-column-loses-data", up) == wanted.get(shop.database.kind)
