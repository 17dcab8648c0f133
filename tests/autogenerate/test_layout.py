"""New files are as Black and Ruff leave them."""

from __future__ import annotations

import ast
import subprocess
import sys

import pytest

from kit import on
from whimbrel.autogenerate.layout import in_quotes, laid_out

MODELS = """
class Author(db.Model):
    id = db.Column(db.Integer, primary_key=True)
    name = db.Column(db.String(50), nullable=False, server_default="it's \\"x\\"",
        comment="The name as it is printed on the cover of the books")
    kind = db.Column(db.Enum(*[f"a kind with a long name {n}" for n in range(9)], name="kind"))

class Book(db.Model):
    __table_args__ = (db.Index("ix_book_about", "author_id", "title", unique=True),
        db.CheckConstraint("length(title) > 1 and length(title) < 1000 and author_id > 0",
            name="ck_a_long_name_for_a_check_of_a_title"))
    id = db.Column(db.Integer, primary_key=True)
    title = db.Column(db.Text)
    author_id = db.Column(db.ForeignKey("author.id", name="fk_book_author_id_with_quite_a_long_name", ondelete="CASCADE"))
"""
STATEMENTS = """op.execute("select 1")
    op.execute('a statement that is much too long to stand in one line of eighty-eight characters, whatever one does')
    op.create_foreign_key('fk_a_long_name_for_a_key', 'a_table_of_some_length', 'another_table', ['a'], ['b'])
    op.create_foreign_key('fk_a_long_name_for_a_key', 'a_table_of_some_length', 'another_table_with_more',
        ['a', 'b'], ['b', 'c'], ondelete='CASCADE')
    with op.batch_alter_table('a_table', schema=None) as batch_op:
        batch_op.alter_column('name',
               existing_type=sa.VARCHAR(length=50),
               type_=sa.Enum('one of many values', 'another of many values', 'yet another of many values', name='kind'),
               existing_nullable=False, postgresql_using="name::text::kind")
        batch_op.drop_index(batch_op.f('ix_name'))

    # a comment
    with op.get_context().autocommit_block():
        op.execute("it's")
    op.bulk_insert(table, [{'id': 1, 'name': 'a name that is long enough to make a difference, indeed'},
        {'id': 2, 'name': None}])
    op.create_table('t', sa.Column('id', sa.Integer()), # why not
    sa.Column('x', sa.Integer()))"""


def changed_by(tool: list[str], path) -> str:
    command = [sys.executable, "-m", *tool, str(path)]
    return subprocess.run(command, capture_output=True, text=True, cwd=path.parent).stdout


TOOLS = {"black": ["black", "-q", "--diff"], "ruff": ["ruff", "format", "--isolated", "--no-cache", "--diff"]}


@pytest.mark.parametrize("tool", TOOLS)
def test_statements(tmp_path, tool):
    """But for the last one, which has a comment inside."""
    text, _, last = laid_out(STATEMENTS).rpartition("\n    op.create_table")
    assert "# why not\n    sa.Column" in last
    path = tmp_path / "new.py"
    path.write_text(f"def upgrade():\n    {text}\n")
    assert changed_by(TOOLS[tool], path) == ""


def test_they_mean_the_same():
    before, after = (f"def upgrade():\n    {text}\n" for text in (STATEMENTS, laid_out(STATEMENTS)))
    assert ast.dump(ast.parse(before)) == ast.dump(ast.parse(after))


@pytest.mark.parametrize("text", ["", "a", "it's", 'a "b"', """it's "b\"""", "a\\'b", "a\nb", "\\", "'", '"', "ü"])
def test_texts_in_quotes(text):
    assert ast.literal_eval(in_quotes(text)) == text


def test_what_is_no_python_stays():
    assert laid_out("this is (no python") == "this is (no python"


@pytest.mark.parametrize("template", ["flask", "flask-multidb"])
@on("sqlite", "postgresql")
def test_a_whole_file(project, template):
    project.app(MODELS)
    project.ok("init", *(["--multidb"] if template == "flask-multidb" else []))
    project.ok("migrate", "-m", "first")
    project.ok("upgrade")
    project.app("")
    project.ok("migrate", "-m", "second", "--allow-drop", "author", "--allow-drop", "book")
    for path in project.versions.glob("*.py"):
        for tool in TOOLS.values():
            assert changed_by(tool, path) == "", path.read_text()
