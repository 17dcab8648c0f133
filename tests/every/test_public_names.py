"""The face is Flask-Migrate's, frozen: the same names, the same parameters in the same order with the same defaults."""

from __future__ import annotations

import inspect
import subprocess
import sys

import pytest

import whimbrel

# As Flask-Migrate 4.1 documents them.
FUNCTIONS = {
    "list_templates": "",
    "init": "directory=None, multidb=False, template=None, package=False",
    "revision": "directory=None, message=None, autogenerate=False, sql=False, head='head', splice=False, branch_label=None,"
    " version_path=None, rev_id=None",
    "migrate": "directory=None, message=None, sql=False, head='head', splice=False, branch_label=None, version_path=None,"
    " rev_id=None, x_arg=None",
    "edit": "directory=None, revision='current'",
    "merge": "directory=None, revisions='', message=None, branch_label=None, rev_id=None",
    "upgrade": "directory=None, revision='head', sql=False, tag=None, x_arg=None",
    "downgrade": "directory=None, revision='-1', sql=False, tag=None, x_arg=None",
    "show": "directory=None, revision='head'",
    "history": "directory=None, rev_range=None, verbose=False, indicate_current=False",
    "heads": "directory=None, verbose=False, resolve_dependencies=False",
    "branches": "directory=None, verbose=False",
    "current": "directory=None, verbose=False",
    "stamp": "directory=None, revision='head', sql=False, tag=None, purge=False",
    "check": "directory=None",
}
CLASSES = ("Config", "Migrate")
MIGRATE = "app=None, db=None, directory='migrations', command='db', compare_type=True, render_as_batch=True"
INIT_APP = "app, db=None, directory=None, command=None, compare_type=None, render_as_batch=None"


def parameters(function: object) -> str:
    """The parameters that can be given by position, as they stand in a def line without types."""
    found = inspect.signature(function).parameters.values()  # type: ignore[arg-type]
    plain = [p.replace(annotation=p.empty) for p in found if p.kind is p.POSITIONAL_OR_KEYWORD and p.name != "self"]
    return ", ".join(str(p) for p in plain)


def test_there_are_no_other_names():
    assert sorted(whimbrel.__all__) == sorted([*FUNCTIONS, *CLASSES])


@pytest.mark.parametrize("name", FUNCTIONS)
def test_a_function_takes_what_flask_migrates_takes(name):
    assert parameters(getattr(whimbrel, name)) == FUNCTIONS[name]


def test_migrate_takes_what_flask_migrates_takes():
    assert parameters(whimbrel.Migrate) == MIGRATE
    assert parameters(whimbrel.Migrate.init_app) == INIT_APP


def test_config_is_alembics():
    from alembic.config import Config

    assert issubclass(whimbrel.Config, Config)


def test_a_name_that_does_not_exist_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nope'"):
        _ = whimbrel.nope


def test_importing_costs_a_web_process_neither_alembic_nor_sqlalchemy():
    code = "import sys, whimbrel; print([m for m in ('alembic', 'sqlalchemy', 'mako', 'click') if m in sys.modules])"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


def test_heads_and_history_do_not_import_alembic(tmp_path):
    (tmp_path / "alembic.ini").write_text("[alembic]\nscript_location = %(here)s\n")
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "a.py").write_text("revision = 'a'\ndown_revision = None\n")
    code = """
import sys
from whimbrel.cli import main
for command in ("heads", "history", "show", "branches"):
    main([command], standalone_mode=False)
print([m for m in ('alembic', 'sqlalchemy', 'mako') if m in sys.modules])
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert found.stdout.strip().endswith("[]")
