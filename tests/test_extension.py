"""The face towards Flask: Migrate, the functions, factories, several applications."""

from __future__ import annotations

import logging

import click
import pytest
import sqlalchemy as sa
from flask import Flask
from flask_sqlalchemy import SQLAlchemy

import whimbrel
from kit import on
from whimbrel import Migrate, errors
from whimbrel.commands.check import Clean

pytestmark = on("sqlite")

NOTE = """
class Note(db.Model):
    id = db.Column(db.Integer, primary_key=True)
"""


def shop(url: str, **keywords):
    """An application with one model."""
    app, db = Flask("shop"), SQLAlchemy()
    app.config["SQLALCHEMY_DATABASE_URI"] = url
    db.init_app(app)

    class Note(db.Model):
        id = db.Column(db.Integer, primary_key=True)

    return app, db, Migrate(app, db, **keywords)


def test_functions_return_what_they_have_done(project, capsys):
    app, _, _ = shop(project.database.url)
    with app.app_context():
        created = whimbrel.init()
        assert created.directory.name == "migrations"
        written = whimbrel.migrate(message="first", rev_id="ab12")
        assert written.path is not None
        assert written.path.name == "ab12_first.py"
        assert written.revisions == ("ab12",)
        assert written.changes == ("table note: new, with id",)
        assert whimbrel.upgrade().revisions == ("ab12",)
        assert whimbrel.upgrade().revisions == ()
        assert [revision.id for revision in whimbrel.heads()] == ["ab12"]
        assert [revision.id for revision in whimbrel.history()] == ["ab12"]
        assert [revision.message for revision in whimbrel.show()] == ["first"]
        assert whimbrel.branches() == ()
        assert [revision.id for revision in whimbrel.current().revisions] == ["ab12"]
        assert isinstance(whimbrel.check(), Clean)
        assert whimbrel.migrate(message="nothing").path is None
        empty = whimbrel.revision(message="by hand", rev_id="cd34")
        assert empty.revisions == ("cd34",)
        assert whimbrel.downgrade(revision="base").revisions == ("ab12",)
        (stamped,) = whimbrel.stamp(revision="ab12").databases
        assert (stamped.before, stamped.after) == ((), ("ab12",))
        assert "flask" in whimbrel.list_templates().templates
    assert capsys.readouterr() == ("", "")


def test_functions_raise_and_never_exit(project):
    app, _, _ = shop(project.database.url)
    with app.app_context():
        with pytest.raises(errors.ConfigurationError, match="no migrations folder"):
            whimbrel.upgrade()
        whimbrel.init()
        with pytest.raises(errors.PendingChanges) as pending:
            whimbrel.check()
        assert pending.value.data["changes"] == ["table note: new, with id"]
        with pytest.raises(errors.RevisionNotFound):
            whimbrel.show(revision="nope")
        with pytest.raises(errors.Refused):
            whimbrel.init()
        with pytest.raises(errors.Refused, match="Nothing to merge"):
            whimbrel.merge()


def test_the_script_goes_where_the_config_says(project, capsys):
    app, _, _ = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        whimbrel.migrate(message="first")
        whimbrel.upgrade(sql=True)
        assert "CREATE TABLE note" in capsys.readouterr().out


def test_one_command_after_the_other_as_in_several_processes(project):
    """C23: Flask-Migrate's env.py leaves a hook in the arguments of Migrate()."""
    app, _, _ = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        env = project.folder / "migrations" / "env.py"
        leaves = 'current_app.extensions["migrate"].configure_args["process_revision_directives"] = lambda *args: 1 / 0 if '
        env.write_text(env.read_text() + f'\n{leaves}"autogenerate" not in vars(context.config.cmd_opts) else None\n')
        whimbrel.upgrade()
        whimbrel.migrate(message="first")
        for _ in range(2):
            whimbrel.upgrade()
            whimbrel.downgrade()
        whimbrel.upgrade()
        assert whimbrel.migrate(message="nothing").path is None


def test_outside_of_an_application_context_flask_says_so(project):
    with pytest.raises(RuntimeError, match="application context"):
        whimbrel.heads()


def test_an_application_that_was_not_set_up(project):
    with Flask("bare").app_context(), pytest.raises(errors.ConfigurationError, match=r"not set up for the application 'bare'"):
        whimbrel.heads()


def test_an_application_of_flask_migrate_is_recognised(project):
    app = Flask("old")
    app.extensions["migrate"] = object()
    with app.app_context(), pytest.raises(errors.ConfigurationError) as error:
        whimbrel.heads()
    assert "from whimbrel import Migrate" in (error.value.hint or "")


def test_several_applications_in_one_process(project, new_database):
    first, second = new_database("sqlite"), new_database("sqlite")
    one, _, _ = shop(first.url, directory="one")
    two, _, _ = shop(second.url, directory="two", version_table="other")
    for app in (one, two):
        with app.app_context():
            whimbrel.init()
            whimbrel.migrate(message="first")
            whimbrel.upgrade()
    assert first.version() == [path.name[:12] for path in (project.folder / "one" / "versions").glob("*.py")]
    assert second.names() == ["note", "other"]


def test_a_factory(project):
    project.write(
        "shop/__init__.py",
        f"""
        from flask import Flask
        from flask_sqlalchemy import SQLAlchemy
        from whimbrel import Migrate

        db = SQLAlchemy()
        migrate = Migrate(compare_type=False)

        class Note(db.Model):
            id = db.Column(db.Integer, primary_key=True)

        def create_app(name="shop"):
            app = Flask(name)
            app.config["SQLALCHEMY_DATABASE_URI"] = {project.database.url!r}
            db.init_app(app)
            migrate.init_app(app, db, directory="shop/changes", command="schema", render_as_batch=False)
            return app
        """,
    )
    env = {"FLASK_APP": "shop:create_app('other')"}
    project.process("-m", "flask", "schema", "init", env=env).exits(0).says("Next: flask schema migrate")
    project.process("-m", "flask", "schema", "migrate", "-m", "first", env=env).exits(0)
    project.process("-m", "flask", "schema", "upgrade", env=env).exits(0)
    assert project.database.tables() == ["note"]
    project.process("-m", "flask", "schema", "downgrade", "nope", env=env).exits(1).says("flask schema history")


def test_migrate_keeps_what_env_py_files_read(project):
    app, db, migrate = shop(project.database.url, compare_server_default=True)
    state = app.extensions["migrate"]
    with app.app_context():
        assert state.db is db
        assert state.metadata is db.metadata
    assert state.migrate is migrate
    assert state.directory == "migrations"
    assert state.configure_args == {"compare_type": True, "render_as_batch": True, "compare_server_default": True}


def test_get_config_is_alembics(project):
    app, _, migrate = shop(project.database.url)

    @migrate.configure
    def mark(config):
        config.set_main_option("marked", "yes")
        return config

    with app.app_context():
        config = migrate.get_config(directory="50%off", x_arg=["a=1", "b"], opts=["autogenerate"])
        assert config.get_main_option("script_location") == "50%off"
        assert config.get_main_option("marked") == "yes"
        assert config.cmd_opts.x == ["a=1", "b"]
        assert config.cmd_opts.autogenerate is True
        assert config.get_template_directory().endswith("templates")
        assert migrate.get_config(x_arg="c").cmd_opts.x == ["c"]


def test_configure_may_add_version_locations(project):
    """As plugins do that bring revisions of their own."""
    app, _, migrate = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        whimbrel.migrate(message="first")
        project.write("plugin/zzzz.py", "revision = 'zzzz'\ndown_revision = None\ndef upgrade(): pass\ndef downgrade(): pass\n")

        @migrate.configure
        def more(config):
            config.set_main_option("version_locations", f"migrations/versions {project.folder / 'plugin'}")
            return config

        assert len(whimbrel.heads()) == 2
        whimbrel.upgrade(revision="heads")
        assert len(project.database.version()) == 2


def test_configure_may_set_the_template_directory(project):
    app, _, migrate = shop(project.database.url)
    project.write("templates/mine/env.py", "MINE = 1\n")

    @migrate.configure
    def mine(config):
        config.template_directory = "templates"
        return config

    with app.app_context():
        whimbrel.init(template="mine")
    assert (project.folder / "migrations" / "env.py").read_text() == "MINE = 1\n"


def test_the_applications_own_commands_show_errors_on_one_screen(project):
    """As in ``flask deploy``, which calls upgrade()."""
    project.app("@app.cli.command()\ndef deploy():\n    from whimbrel import upgrade\n    upgrade(revision='head')\n")
    project.ok("init")
    project.revision("pass", id="aaaa", message="first")
    deploy = ["-m", "flask", "deploy"]
    assert project.process(*deploy).exits(0).err.startswith("upgrade  aaaa  first  (")
    assert project.process(*deploy).exits(0).text == ""
    project.revision("raise ValueError('no luck')", id="bbbb")
    result = project.process(*deploy).exits(1)
    assert "Traceback" not in result.text
    result.says("Error: Revision bbbb (by hand) failed on upgrade: ValueError: no luck", "Next:")


def test_such_an_error_is_still_ours(project):
    app, _, _ = shop(project.database.url)

    @click.command()
    def deploy():
        with pytest.raises(errors.ConfigurationError) as error:
            whimbrel.upgrade()
        assert isinstance(error.value, click.ClickException)
        assert error.value.exit_code == 2

    with app.app_context():
        deploy.main([], standalone_mode=False)


def test_upgrade_in_a_program_leaves_logging_alone(project):
    app, _, _ = shop(project.database.url)
    before = [(log.level, log.disabled, list(log.handlers)) for log in (logging.getLogger(), app.logger)]
    with app.app_context():
        whimbrel.init()
        whimbrel.upgrade()
    assert before == [(log.level, log.disabled, list(log.handlers)) for log in (logging.getLogger(), app.logger)]


def test_x_arguments_of_a_program(project):
    app, _, _ = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        env = project.folder / "migrations" / "env.py"
        env.write_text(env.read_text() + "\ncurrent_app.seen = context.get_x_argument()\n")
        whimbrel.upgrade(x_arg=["a=1"])
        assert app.seen == ["a=1"]
        whimbrel.upgrade(x_arg="b")
        assert app.seen == ["b"]


def test_a_directory_may_be_a_path(project):
    app, _, migrate = shop(project.database.url, directory=project.folder / "changes")
    assert migrate.directory == str(project.folder / "changes")
    with app.app_context():
        whimbrel.init()
        assert whimbrel.heads(directory=project.folder / "changes") == ()


def test_eight_threads_run_commands_at_once(project):
    """alembic.context is one for the whole process."""
    from concurrent.futures import ThreadPoolExecutor

    app, _, _ = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        whimbrel.migrate(message="first", rev_id="ab12")
        whimbrel.upgrade()

    def work(_):
        with app.app_context():
            return [revision.id for revision in whimbrel.current().revisions], whimbrel.migrate(message="no").path

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(work, range(16))) == [(["ab12"], None)] * 16


def test_the_engine_can_be_used_afterwards(project):
    app, db, _ = shop(project.database.url)
    with app.app_context():
        whimbrel.init()
        whimbrel.migrate(message="first")
        whimbrel.upgrade()
        db.session.execute(sa.text("insert into note (id) values (1)"))
        db.session.commit()
    assert project.database.rows("note") == [(1,)]
