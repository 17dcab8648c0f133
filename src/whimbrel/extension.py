"""``Migrate``: attaches the commands to ``flask db``, and tells them about the application.

Flask is imported where it is used, so that ``import whimbrel`` costs a web process next to nothing.
"""

from __future__ import annotations

import os
import shlex
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cache, wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar

from .databases import adapted
from .errors import ConfigurationError, WhimbrelError
from .events import Listener, ignore
from .project import Project, find_folder, named_by
from .settings import Source, of_application, split

if TYPE_CHECKING:
    from flask import Flask

    from .commands._cli import Group
    from .execution.config import Config

EXTENSION = "migrate"  # env.py files read app.extensions["migrate"]


class MigrateState:
    """What an application knows of its migrations: ``app.extensions["migrate"]``, as env.py files read it."""

    def __init__(
        self, migrate: Migrate, db: Any, directory: str, configure_args: dict[str, Any], metadata: Any, config: Any
    ) -> None:
        self.migrate = migrate
        self.directory = directory
        self.configure_args = configure_args
        self._given = (db, metadata, config)
        self._db: Any = None

    @property
    def db(self) -> Any:
        """The object that was given to Migrate, with ``engines`` and ``metadatas`` by bind name."""
        if self._db is None:
            self._db = adapted(*self._given)
        return self._db

    @property
    def metadata(self) -> Any:
        """The models' MetaData, where env.py files from before 2014 look for it."""
        return self.db.metadata


class Migrate:
    """Database migrations for a Flask application.

    app, db: the application and its Flask-SQLAlchemy object, or Alchemical, Flask-SQLAlchemy-Lite, a MetaData or a
    declarative base.
    directory: the migrations folder. command: the name of the group of commands.
    metadata: the models' MetaData, where ``db`` has none; a mapping for several binds.
    wait, lock_timeout, retry_for: settings, see ``settings.py``.
    compare_type, render_as_batch and all others: arguments of Alembic's ``context.configure``.
    """

    def __init__(
        self,
        app: Flask | None = None,
        db: Any = None,
        directory: str | os.PathLike[str] = "migrations",
        command: str = "db",
        compare_type: bool = True,
        render_as_batch: bool = True,
        *,
        metadata: Any = None,
        **kwargs: Any,
    ) -> None:
        self.configure_callbacks: list[Callable[[Any], Any]] = []
        self.db = db
        self.command = command
        self.directory = os.fspath(directory)
        self.metadata = metadata
        self.settings, kwargs = split(kwargs)
        self.alembic_ctx_kwargs: dict[str, Any] = {**kwargs, "compare_type": compare_type, "render_as_batch": render_as_batch}
        if app is not None and db is not None:
            self.init_app(app, db, directory)

    def init_app(
        self,
        app: Flask,
        db: Any = None,
        directory: str | os.PathLike[str] | None = None,
        command: str | None = None,
        compare_type: bool | None = None,
        render_as_batch: bool | None = None,
        *,
        metadata: Any = None,
        **kwargs: Any,
    ) -> None:
        """Attach the commands to an application; what is not given is as in the constructor."""
        self.db = self.db if db is None else db
        self.command = command or self.command
        self.directory = os.fspath(directory or self.directory)
        self.metadata = self.metadata if metadata is None else metadata
        settings, kwargs = split(kwargs)
        self.settings |= settings
        given = {"compare_type": compare_type, "render_as_batch": render_as_batch}
        self.alembic_ctx_kwargs |= kwargs | {name: value for name, value in given.items() if value is not None}
        arguments = dict(self.alembic_ctx_kwargs)
        app.extensions[EXTENSION] = MigrateState(self, self.db, self.directory, arguments, self.metadata, app.config)
        app.cli.add_command(commands(), name=self.command)
        from .commands._cli import collect_seldom_while_loading

        collect_seldom_while_loading(self.command)

    def configure(self, f: Callable[[Any], Any]) -> Callable[[Any], Any]:
        """Decorate a function that is given each Alembic Config, may change it, and returns it."""
        self.configure_callbacks.append(f)
        return f

    def call_configure_callbacks(self, config: Any) -> Any:
        """The Config that the decorated functions make of this one."""
        for f in self.configure_callbacks:
            config = f(config)
        return config

    def get_config(self, directory: str | os.PathLike[str] | None = None, x_arg: Any = None, opts: Any = None) -> Config:
        """An Alembic Config for this project, for code that calls Alembic itself.

        x_arg: one or more ``-x`` arguments. opts: names that become true in ``cmd_opts``.
        """
        x = (x_arg,) if isinstance(x_arg, str) else tuple(x_arg or ())
        project = flask_project(directory if directory is not None else self.directory, x, self)
        found: Config = project.config(**dict.fromkeys(opts or (), True))
        return found


class FlaskApplication:
    """A Flask application around a migrations folder."""

    default_template = "flask"
    multidb_template = "flask"

    def __init__(
        self,
        app: Flask,
        migrate: Migrate,
        x: tuple[str, ...],
        *,
        owns_process: bool,
        directory: str | os.PathLike[str] | None = None,
    ) -> None:
        self.app = app
        self.directory = directory
        self.migrate = migrate
        self.x = x
        self.owns_process = owns_process

    @property
    def state(self) -> MigrateState:
        """``app.extensions["migrate"]``."""
        found: MigrateState = self.app.extensions[EXTENSION]
        return found

    @property
    def command(self) -> str:
        """``flask db``, or the name that the application gave the group; with what was typed to name application and folder."""
        return shlex.join(["flask", *application_options(), self.migrate.command, *named_by(self.directory, self.x)])

    @property
    def is_development(self) -> bool:
        """Whether the application is in debug or testing mode."""
        return bool(self.app.debug or self.app.testing)

    def config(self, project: Project, options: Mapping[str, Any]) -> Any:
        """The Config as Flask-Migrate makes it."""
        from .execution.config import Config, command_options, set_option

        config = Config(str(project.config_file))
        set_option(config, "script_location", str(project.directory))
        command_options(config, dict(options), self.x)
        return self.migrate.call_configure_callbacks(config)

    def is_config_customised(self) -> bool:
        """Whether there are functions decorated with ``@migrate.configure``."""
        return bool(self.migrate.configure_callbacks)

    def context_defaults(self) -> Mapping[str, Any]:
        """The arguments that were given to Migrate."""
        return self.state.configure_args

    def settings(self) -> list[Source]:
        """Those that were given to Migrate, then those in the configuration of the application."""
        return [Source(self.migrate.settings, lambda name: f"Migrate({name}=…)"), of_application(self.app.config)]

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Give each run of env.py its own copy of the arguments: Flask-Migrate's templates leave a hook in them."""
        state = self.state
        before = state.configure_args
        state.configure_args = dict(before)
        try:
            yield
        finally:
            state.configure_args = before

    def aside(self) -> AbstractContextManager[Any]:
        """In a context of its own, which has a ``db.session`` of its own.

        Not inside of an event loop: functions that the application has for the end of a context may want one of their own.
        """
        return nullcontext() if in_event_loop() else self.app.app_context()

    def databases(self) -> Mapping[str, Any]:
        """The engines by bind name."""
        return by_name(getattr(self.state.db, "engines", None))

    def metadatas(self) -> Mapping[str, Any]:
        """The models' MetaData by bind name."""
        return by_name(getattr(self.state.db, "metadatas", None))

    def templates(self) -> tuple[Mapping[str, str], list[Path]]:
        """Flask-Migrate's names for what are two templates now."""
        names = {"flask": "flask", "flask-multidb": "flask", "aioflask": "aioflask", "aioflask-multidb": "aioflask"}
        return names, []

    def after_init(self, directory: str) -> str:
        """Begin: the application says all the rest."""
        return f'{self.command} migrate -m "first"'

    def roots(self) -> list[Path]:
        """Beside the application, or beside its package."""
        root = Path(self.app.root_path)
        return [root, root.parent]


P = ParamSpec("P")
R = TypeVar("R")


def in_a_command(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function of ours be called in a click command of the application.

    There an error of ours is a ClickException as well, so that click prints it on one screen and exits with its code.
    """

    @wraps(function)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except WhimbrelError as error:
            if not is_in_a_command():
                raise
            raise as_click_exception(error) from error.__cause__

    return called


def is_in_a_command() -> bool:
    """Whether a click command is running."""
    click = sys.modules.get("click")
    return click is not None and click.get_current_context(silent=True) is not None


def as_click_exception(error: WhimbrelError) -> WhimbrelError:
    """The same error, of a class that click knows how to show."""
    import click

    from .reports.text import TextReport

    def show(self: Any, file: Any = None) -> None:
        TextReport().error(self)

    cls = type(error)
    made = type(cls.__name__, (cls, click.ClickException), {"show": show, "__module__": cls.__module__})
    both: WhimbrelError = made(error.message, place=error.place, state=error.state, hint=error.hint, data=error.data)
    return both


def listener() -> Listener:
    """Who hears of the progress of a function of ours: a person, where a click command calls it; else nobody."""
    if not is_in_a_command():
        return ignore
    from .reports.text import TextReport

    return TextReport(all_to_stderr=True).event


def application_options() -> list[str]:
    """How a command of Flask was told which application it is for, where that was typed."""
    click = sys.modules.get("click")
    context = None if click is None else click.get_current_context(silent=True)
    if click is None or context is None:
        return []
    root = context.find_root()
    is_typed = root.get_parameter_source("app") is click.core.ParameterSource.COMMANDLINE
    name = getattr(root.obj, "app_import_path", None) if is_typed else None
    return ["--app", name] if name else []


def by_name(found: Any) -> dict[str, Any]:
    """Engines or metadatas with "" for the default one; none where there are none."""
    return {name or "": each for name, each in dict(found).items()} if isinstance(found, Mapping) else {}


def flask_project(
    directory: str | os.PathLike[str] | None = None,
    x: tuple[str, ...] = (),
    migrate: Migrate | None = None,
    *,
    owns_process: bool = False,
) -> Project:
    """The project of the current application. Raises ConfigurationError where Migrate was not initialised for it."""
    from flask import current_app, g

    app: Any = current_app._get_current_object()  # type: ignore[attr-defined]
    state = app.extensions.get(EXTENSION)
    if state is not None and not isinstance(state, MigrateState):
        raise ConfigurationError(
            f"The migrations of the application '{app.name}' are set up by {type(state).__module__}, not by whimbrel.",
            hint="Write 'from whimbrel import Migrate' where it says 'from flask_migrate import Migrate'.",
        )
    if state is None:
        raise ConfigurationError(
            f"Migrations are not set up for the application '{app.name}'.",
            hint="Call Migrate(app, db), or migrate.init_app(app, db) in the application factory.",
        )
    x = x or tuple(getattr(g, "x_arg", None) or ())
    surroundings = FlaskApplication(app, migrate or state.migrate, x, owns_process=owns_process, directory=directory)
    folder = find_folder(os.fspath(directory or state.directory), surroundings.roots)
    return Project(folder, folder / "alembic.ini", surroundings)


class FlaskSession:
    """A command line that was started as ``flask db``."""

    def project(self, directory: str | None, x: tuple[str, ...]) -> Project:
        """The project of the application that Flask has loaded."""
        return flask_project(directory, x, owns_process=True)


@cache
def commands() -> Group:
    """The group ``flask db``: one for all applications, so that other packages can add commands to it."""
    import click
    from flask import g
    from flask.cli import with_appcontext

    from .commands._cli import META, Group, Settings

    @click.group("db", cls=Group)
    @click.option("-d", "--directory", metavar="DIR", help="The migrations folder (default: migrations).")
    @click.option(
        "-x", "--x-arg", multiple=True, metavar="NAME=VALUE", help="An argument for env.py; may be given several times."
    )
    @click.pass_context
    @with_appcontext
    def db(ctx: click.Context, directory: str | None, x_arg: tuple[str, ...]) -> None:
        """Change the database as the models change, and keep its rows.

        The usual round: change a model, 'migrate' to write a revision, read it, 'upgrade' to run it.
        """
        g.directory = directory
        g.x_arg = x_arg
        ctx.meta[META] = FlaskSession()
        ctx.meta[f"{META}.settings"] = Settings(directory=directory, x=x_arg)

    return db


def in_event_loop() -> bool:
    """Whether this is called from a coroutine."""
    asyncio = sys.modules.get("asyncio")  # who has not imported it runs none
    if asyncio is None:
        return False
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
