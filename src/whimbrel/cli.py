"""``whimbrel …``: the same commands without Flask, for a project that ``alembic.ini`` or ``pyproject.toml`` describes."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import click

from ._version import __version__
from .commands._cli import META, Group, Settings
from .errors import ConfigurationError
from .project import FileOptions, Project, display_path, named_by, resource_path
from .settings import Source

INI = "alembic.ini"
SECTION = "alembic"
TOML = "pyproject.toml"


class Standalone:
    """Nothing around a migrations folder but its configuration; env.py knows the databases and the models."""

    default_template = "generic"
    multidb_template = "multidb"
    is_development = False

    def __init__(
        self,
        x: tuple[str, ...] = (),
        *,
        owns_process: bool = True,
        name: str = "upgrade",
        configs: tuple[str, ...] = (),
        section: str = SECTION,
        directory: str | None = None,
    ) -> None:
        files = [word for each in configs for word in ("-c", each)]
        named = ["-n", section] if section != SECTION else []
        self.command = shlex.join(["whimbrel", *files, *named, *named_by(directory, x)])
        self.x = x
        self.owns_process = owns_process
        self.name = name
        self.configs = configs

    def config(self, project: Project, options: Mapping[str, Any]) -> Any:
        """The Config as Alembic's own command line makes it, the words of the user in ``cmd_opts``."""
        from inspect import signature

        from alembic import command as alembic_commands
        from alembic.config import Config as AlembicConfig

        from .execution.config import Config, command_options, set_option

        project.prepend_sys_path()
        ini = project.config_file if project.config_file and project.config_file.exists() else None
        if project.toml_file is not None and "toml_file" not in signature(AlembicConfig).parameters:
            raise ConfigurationError("Settings in pyproject.toml need Alembic 1.16.", hint="pip install --upgrade alembic")
        more = {} if project.toml_file is None else {"toml_file": str(project.toml_file)}
        config = Config(str(ini) if ini else None, ini_section=project.section, **more)
        set_option(config, "script_location", str(project.directory))
        typed: dict[str, Any] = {
            "config": list(self.configs) or None,
            "name": project.section,
            "raiseerr": False,
            "quiet": False,
            "verbose": False,
        }
        typed["cmd"] = (getattr(alembic_commands, self.name, None), [], [])
        command_options(config, {**typed, **options}, self.x)
        return config

    def is_config_customised(self) -> bool:
        """Never: the files tell all."""
        return False

    def context_defaults(self) -> Mapping[str, Any]:
        """None: env.py passes what it wants."""
        return {}

    def settings(self) -> list[Source]:
        """None but those of pyproject.toml."""
        return []

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Nothing to prepare."""
        yield

    def aside(self) -> AbstractContextManager[Any]:
        """There is no application."""
        return nullcontext()

    def databases(self) -> Mapping[str, Any]:
        """Only env.py knows."""
        return {}

    def metadatas(self) -> Mapping[str, Any]:
        """Only env.py knows."""
        return {}

    def templates(self) -> tuple[Mapping[str, str], list[Path]]:
        """Ours for a single database, and Alembic's by their names."""
        import alembic

        return {"generic": "generic"}, [Path(alembic.__file__).parent / "templates"]

    def after_init(self, directory: str) -> str:
        """Name the database and the models, then begin."""
        first = f'{self.command} revision --autogenerate -m "first"'
        return f"set sqlalchemy.url in the ini file and target_metadata in {directory}/env.py, then {first}"

    def roots(self) -> list[Path]:
        """None but here."""
        return []


class Session:
    """A command line that was started as ``whimbrel``."""

    def __init__(self, configs: tuple[str, ...], section: str) -> None:
        self.configs = configs
        self.section = section

    def project(self, directory: str | None, x: tuple[str, ...]) -> Project:
        """The project that the configuration describes."""
        context = click.get_current_context(silent=True)
        name = (context.info_name or "").replace("-", "_") if context else ""
        surroundings = Standalone(x, name=name, configs=self.configs, section=self.section, directory=directory)
        return standalone_project(self.configs, self.section, directory, surroundings)


def standalone_project(
    configs: tuple[str, ...] = (), section: str = SECTION, directory: str | None = None, surroundings: Standalone | None = None
) -> Project:
    """The project of an ``alembic.ini``, a ``pyproject.toml``, or both, from here or from a folder above.

    Raises ConfigurationError where a configuration that was named does not exist.
    """
    ini, toml = config_files(configs)
    surroundings = surroundings or Standalone()
    location = FileOptions(ini, toml, section)("script_location")
    folder = directory or location
    if folder is None:
        folder = "migrations"
        if ini and ini.exists():
            raise ConfigurationError(
                f"{display_path(ini)} does not say where the migrations are: [{section}] has no script_location.",
                hint="Add  script_location = %(here)s/migrations  to it, or name the folder with -d.",
            )
    project = Project(Path(folder) if directory else resource_path(str(folder)), ini or Path(INI), surroundings, toml, section)
    if not directory and location and not project.directory.is_absolute() and not project.directory.exists():
        home = (ini or toml or Path()).absolute().parent
        project = project.moved_to(home / project.directory)
    return project


def config_files(configs: tuple[str, ...]) -> tuple[Path | None, Path | None]:
    """The ini file and the toml file: as named, as ``ALEMBIC_CONFIG`` says, or the nearest ones."""
    named = configs or tuple(filter(None, [os.environ.get("ALEMBIC_CONFIG")]))
    inis = [Path(name) for name in named if os.path.basename(name) != TOML]
    tomls = [Path(name) for name in named if os.path.basename(name) == TOML]
    if len(inis) > 1 or len(tomls) > 1:
        raise ConfigurationError("Only one ini file and one pyproject.toml can be named with -c.")
    for path in (*inis, *tomls):
        if not path.exists() and configs:
            raise ConfigurationError(f"There is no file {display_path(path)}.", hint="Name another one with -c.")
    here = Path()
    for folder in () if named else (here, *Path.cwd().parents):
        ini, toml = folder / INI, folder / TOML
        has_section = toml.is_file() and b"[tool.alembic" in toml.read_bytes()
        if ini.is_file() or has_section:
            return (ini if ini.is_file() else None), (toml if has_section else None)
    near_ini = Path(INI) if tomls and Path(INI).is_file() else None
    near_toml = Path(TOML) if Path(TOML).is_file() else None
    return (inis[0] if inis else near_ini), (tomls[0] if tomls else near_toml)


@click.group("whimbrel", cls=Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="whimbrel")
@click.option(
    "-c", "--config", "configs", multiple=True, metavar="FILE", help="The alembic.ini or pyproject.toml; both may be named."
)
@click.option("-n", "--name", "section", default=SECTION, show_default=True, help="The section of the ini file to read.")
@click.option("-d", "--directory", metavar="DIR", help="The migrations folder, instead of script_location.")
@click.option("-x", "--x-arg", multiple=True, metavar="NAME=VALUE", help="An argument for env.py; may be given several times.")
@click.option("-q", "--quiet", is_flag=True, help="Print errors only.")
@click.option("--traceback", "--raiseerr", is_flag=True, help="Show the Python traceback of an error.")
@click.pass_context
def main(
    ctx: click.Context,
    configs: tuple[str, ...],
    section: str,
    directory: str | None,
    x_arg: tuple[str, ...],
    quiet: bool,
    traceback: bool,
) -> None:
    """Change databases as the models change, and keep their rows.

    The usual round: change a model, 'revision --autogenerate -m …' to write a revision, read it, 'upgrade' to run it.
    In a Flask project the same commands are 'flask db …'.
    """
    ctx.meta[META] = Session(configs, section)
    ctx.meta[f"{META}.settings"] = Settings(directory=directory, x=x_arg, quiet=quiet, traceback=traceback)


if __name__ == "__main__":
    main()
