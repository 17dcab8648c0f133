"""Every change is seen, and the revision that is written for it makes it, there and back."""

from __future__ import annotations

import re

import pytest

from kit import on

ITEM = """
class Item(db.Model):
    __table_args__ = (sa.CheckConstraint("qty > 0", name="ck_item_qty"),)
    id = db.Column(db.Integer, primary_key=True)
    qty = db.Column(db.Integer, nullable=False, server_default="1")
    kind = db.Column(db.Enum("aa", "bb", name="kind"), server_default="aa")
    email = db.Column(db.String(50))
"""
CHANGES = {
    "a column joins the primary key": (
        'qty = db.Column(db.Integer, nullable=False, server_default="1")',
        'qty = db.Column(db.Integer, primary_key=True, autoincrement=False, server_default="1")',
        "primary key",
    ),
    "a check is added": (
        'name="ck_item_qty"),',
        'name="ck_item_qty"), sa.CheckConstraint("qty < 99", name="ck_most"),',
        "ck_most",
    ),
    "a check says something else": ('"qty > 0"', "\"qty > 5 or email = '100%: x'\"", "ck_item_qty"),
    "a check goes": ('sa.CheckConstraint("qty > 0", name="ck_item_qty"),', "", "ck_item_qty"),
    "a default changes": ('server_default="1"', 'server_default="2"', "qty, default"),
    "a default goes": (', server_default="aa"', "", "default"),
    "a default comes": ("db.String(50)", 'db.String(50), server_default="it\'s"', "email, default"),
    "an enum gains a value": ('"aa", "bb"', '"aa", "bb", "cc"', "kind"),
    "an enum loses a value": ('"aa", "bb"', '"aa"', "kind"),
    "a type gets longer": ("db.String(50)", "db.String(80)", "email"),
    "a type gets shorter": ("db.String(50)", "db.String(20)", "email"),
    "another type": ("db.String(50)", "db.Text", "email"),
    "a column may be null": ("nullable=False, ", "", "qty, may be null"),
    "a unique constraint": ("db.String(50)", "db.String(50), unique=True", "email"),
    "an index": ("db.String(50)", "db.String(50), index=True", "ix_item_email"),
}
EXPRESSION = 'sa.Index("ix_lower", sa.text("lower(email)"), unique=True), '


@pytest.mark.parametrize("name", CHANGES)
def test_a_change(project, name):
    old, new, words = CHANGES[name]
    assert old in ITEM
    project.start(ITEM)
    project.database.run("insert into item (id, qty, kind, email) values (1, 7, 'aa', 'a@x')")
    project.ok("check")
    before = project.database.schema()
    project.app(ITEM.replace(old, new))
    project.refused("check").says(words)
    project.ok("migrate", "-m", "change")
    project.ok("upgrade")
    project.ok("check")
    assert project.database.run("select id, qty, kind, email from item") == [(1, 7, "aa", "a@x")]
    project.ok("downgrade")
    assert project.database.schema() == before
    assert project.database.run("select id, qty, kind, email from item") == [(1, 7, "aa", "a@x")]


@on("sqlite", "postgresql")
def test_an_index_over_an_expression(project):
    project.start(ITEM)
    with_index = ITEM.replace("sa.Check", EXPRESSION + "sa.Check")
    project.app(with_index)
    project.refused("check").says("ix_lower")
    project.ok("migrate", "-m", "change")
    project.ok("upgrade")
    project.ok("check")
    project.app(with_index.replace("lower(email)", "upper(email)"))
    project.refused("check").says("ix_lower")
    project.app(ITEM)
    project.ok("migrate", "-m", "and back").says("ix_lower dropped")
    project.ok("upgrade")
    project.ok("check")
    project.ok("downgrade")
    project.ok("upgrade")


@on("sqlite", "postgresql")
def test_an_index_over_an_expression_of_a_new_table(project):
    project.start(ITEM.replace("sa.Check", EXPRESSION + "sa.Check"))
    project.ok("check")
    project.ok("downgrade")
    project.ok("upgrade")


@on("sqlite", "postgresql", "mariadb")
def test_a_check_that_the_history_did_not_write_is_left_alone(project):
    project.start(ITEM)
    if project.database.kind == "sqlite":
        project.revision("op.execute('CREATE TABLE other (id INTEGER, CONSTRAINT raw CHECK (id > 0))')")
    else:
        project.revision("op.execute('ALTER TABLE item ADD CONSTRAINT raw CHECK (qty < 1000)')")
    project.ok("upgrade")
    project.flask("check").says("table other" if project.database.kind == "sqlite" else "No new upgrade operations")


@on("postgresql")
def test_values_in_rows_are_not_lost_with_an_enum(project):
    project.start(ITEM)
    project.database.run("insert into item (kind) values ('bb'), ('bb')")
    project.app(ITEM.replace('"aa", "bb"', '"aa"'))
    project.ok("migrate", "-m", "less")
    project.refused("upgrade").says("item.kind", "2 bb")
    project.database.run("update item set kind = 'aa'")
    project.ok("upgrade")
    project.ok("check")


@on("postgresql", "mariadb")
def test_texts_that_are_no_numbers_are_refused(project):
    project.start(ITEM)
    project.database.run("insert into item (id, email) values (1, '7'), (2, 'x1'), (3, '1x'), (4, null), (5, ' 8 '), (6, '')")
    project.app(ITEM.replace("db.String(50)", "db.Integer"))
    project.ok("migrate", "-m", "number")
    project.refused("upgrade").says("3 values of item.email would not survive the change to INTEGER", "'x1'", "'1x'")
    accept = ("--accept", "type-change-fails:item.email")
    if project.database.kind == "sqlite":
        project.database.run("delete from item where id in (2, 3, 6)")
    else:  # whoever agrees hears what the server says
        project.refused("upgrade", *accept).says("nteger", "x1")
    project.database.run("delete from item where id in (2, 3, 6)")
    project.ok("upgrade")
    assert project.database.run("select email from item order by id") == [(7,), (None,), (8,)]


@on("postgresql")
def test_views_come_back_as_they_were(project):
    project.start(ITEM)
    project.database.run("create view emails with (security_barrier) as select id, email from item where email like 'a%'")
    project.database.run("create materialized view counted as select email, count(*) as n from emails group by 1")
    project.database.run("create unique index by_email on counted (email)")
    project.database.run("comment on view emails is 'it''s a view'")
    project.database.run("grant select on emails to public")
    look = (
        "select c.oid::regclass::text, c.reloptions, c.relacl::text, obj_description(c.oid), pg_get_viewdef(c.oid)"
        " from pg_class c where c.relname in ('emails', 'counted') order by 1"
    )
    before = project.database.run(look)
    project.app(ITEM.replace("db.String(50)", "db.String(90)"))
    project.ok("migrate", "-m", "longer")
    project.ok("upgrade")
    assert project.database.run(look) == before
    assert project.database.run("select indexname from pg_indexes where tablename = 'counted'") == [("by_email",)]


@on("postgresql")
@pytest.mark.parametrize(
    "types", [("db.String(50)", "db.String(90)"), ("db.Enum('a', 'b', name='e')", "db.Enum('b', 'a', name='e')")]
)
def test_triggers_and_policies_come_back_as_they_were(project, types):
    project.start(ITEM.replace("db.String(50)", types[0]))
    run = project.database.run
    run("create function note() returns trigger language plpgsql as 'begin return new; end'")
    for name, event in (("a", "update of email"), ("b", "insert"), ("c", "delete")):
        when = "old" if name == "c" else "new"
        run(f"create trigger {name} after {event} on item for each row when ({when}.email <> 'a') execute function note()")
    run("alter table item disable trigger b")
    run("comment on trigger a on item is 'it''s 100%'")
    run("create policy p on item as restrictive for update to current_user using (email <> 'a') with check (email = 'b')")
    run("create policy q on item using (email = 'a')")
    look = (
        "select pg_get_triggerdef(oid), tgenabled::text, obj_description(oid, 'pg_trigger') from pg_trigger"
        " where tgrelid = 'item'::regclass and not tgisinternal"
        " union all select row(polname, polcmd, polpermissive, polroles)::text, pg_get_expr(polqual, polrelid),"
        " pg_get_expr(polwithcheck, polrelid) from pg_policy order by 1"
    )
    before = run(look)
    assert len(before) == 5
    project.app(ITEM.replace("db.String(50)", types[1]))
    project.ok("migrate", "-m", "changed")
    project.ok("upgrade")
    project.ok("check")
    assert run(look) == before
    project.ok("downgrade")
    assert run(look) == before


@on("postgresql")
def test_texts_and_bytes(project):
    project.start(ITEM)
    project.database.run("insert into item (id, email) values (1, E'a\\\\101\u00e4')")
    project.app(ITEM.replace("db.String(50)", "db.LargeBinary"))
    project.ok("migrate", "-m", "bytes")
    project.ok("upgrade")
    assert project.database.run("select email from item") == [("a\\101\u00e4".encode(),)]
    project.ok("downgrade")
    assert project.database.run("select email from item") == [("a\\101\u00e4",)]


@on("postgresql")
def test_a_view_with_triggers_is_not_touched(project):
    project.start(ITEM)
    project.database.run("create view emails as select id, email from item")
    project.database.run("create function f() returns trigger language plpgsql as 'begin return null; end'")
    project.database.run("create trigger t instead of insert on emails for each row execute function f()")
    project.app(ITEM.replace("db.String(50)", "db.String(90)"))
    project.ok("migrate", "-m", "longer")
    project.refused("upgrade").says("The view emails is about item.email and has triggers", "(t)")


@on("sqlite")
def test_columns_go_in_the_order_that_they_have(project):
    """Alembic has them in a set, so that the same change would be another file each time."""
    names = [f"c{n}" for n in range(8)]
    base = "class Item(db.Model):\n    id = db.Column(db.Integer, primary_key=True)\n"
    project.start(base + "".join(f"    {name} = db.Column(db.Integer)\n" for name in names))
    project.app(base)
    project.ok("migrate", "--rev-id", "bbbb")
    (path,) = (project.folder / "migrations/versions").glob("bbbb_*.py")
    upgrade = path.read_text(encoding="utf-8").split("def downgrade")[0]
    assert re.findall(r"drop_column\(\"(c\d)\"", upgrade) == names
