"""Packages that import flask_migrate run on Whimbrel unedited."""

from __future__ import annotations

from kit import on

pytestmark = on("sqlite")

PLUGIN = '''
"""Written for Flask-Migrate."""
import click
from flask.cli import with_appcontext
from flask_migrate import Migrate, upgrade
from flask_migrate.cli import db as db_group
from flask_migrate.cli import upgrade as upgrade_command
import flask_migrate

migrate = Migrate()

@db_group.command()
@click.option("--loud", is_flag=True)
@with_appcontext
def seed(loud):
    """Fill the tables."""
    upgrade()
    click.echo("SEEDED" if loud else "seeded")
'''
APP = """
import whimbrel.compat
whimbrel.compat.install_as_flask_migrate()
whimbrel.compat.install_as_flask_migrate()

from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from plugin import migrate, upgrade_command

app = Flask(__name__)
app.config["SQLALCHEMY_DATABASE_URI"] = {url!r}
db = SQLAlchemy(app)
migrate.init_app(app, db)
app.cli.add_command(upgrade_command, "up")

class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""


def test_a_plugin_for_flask_migrate(project):
    project.write("plugin.py", PLUGIN)
    project.write("app.py", APP.format(url=project.database.url))

    def flask(*args):
        return project.process("-m", "flask", *args).exits(0)

    flask("db", "init")
    flask("db", "migrate", "-m", "first")
    flask("db", "--help").says("seed", "Fill the tables.", "upgrade")
    flask("db", "seed", "--loud").says("SEEDED", "first")
    assert project.database.tables() == ["note"]


def test_the_names_are_there(project):
    code = """
import whimbrel.compat
whimbrel.compat.install_as_flask_migrate()
import flask_migrate, flask_migrate.cli, whimbrel
from flask_migrate.cli import db, list_templates, init, revision, migrate, edit, merge, upgrade, downgrade, show, history
from flask_migrate.cli import heads, branches, current, stamp, check
assert flask_migrate.Migrate is whimbrel.Migrate and flask_migrate.cli.db is db
assert db.name == "db" and check.name == "check"
try:
    from flask_migrate.cli import nope
except ImportError:
    print("fine")
"""
    assert project.process("-c", code).exits(0).out == "fine\n"


def test_the_real_one_must_not_be_there_already(project):
    project.write("flask_migrate.py", "REAL = True\n")
    code = """
import flask_migrate, whimbrel.compat
from whimbrel.errors import ConfigurationError
try:
    whimbrel.compat.install_as_flask_migrate()
except ConfigurationError as error:
    print(error)
"""
    project.process("-c", code).exits(0).says("has been imported already, from", "before the first import")
