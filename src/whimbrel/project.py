"""One migrations folder, its settings, its databases.

A project is found by what stands around it: a Flask application (``extension.py``) or an ``alembic.ini`` (``cli.py``).
Nothing here imports Alembic, Flask or SQLAlchemy, so that commands which only read files stay fast.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from .errors import ConfigurationError
from .settings import Settings, Source, of_toml, read_settings

if TYPE_CHECKING:
    from configparser import ConfigParser

SEPARATORS = {"space": None, "newline": "\n", "os": os.pathsep, ":": ":", ";": ";"}


class Surroundings(Protocol):
    """What stands around a migrations folder and knows its databases."""

    @property
    def command(self) -> str:
        """How a user starts us: ``flask db`` or ``whimbrel``, with the options that say for which project."""

    owns_process: bool
    """Whether this process was started for one command of ours; false in a program that calls our functions."""

    def config(self, project: Project, options: Mapping[str, Any]) -> Any:
        """The ``alembic.config.Config`` that env.py will see; ``options`` become its ``cmd_opts``."""

    def is_config_customised(self) -> bool:
        """Whether code of the user may change the Config, so that the file alone does not tell the settings."""

    def context_defaults(self) -> Mapping[str, Any]:
        """Arguments of ``context.configure`` that hold where env.py does not pass its own."""

    def settings(self) -> list[Source]:
        """Where the application has settings, the first one first; none where there is no application."""

    @contextmanager
    def environment(self) -> Iterator[None]:
        """Stands around each run of env.py."""

    def aside(self) -> AbstractContextManager[Any]:
        """Stands around code that is only looked at: what it does to objects of the application is forgotten."""

    def databases(self) -> Mapping[str, Any]:
        """The engines by bind name ("" is the default one); empty where only env.py knows."""

    def metadatas(self) -> Mapping[str, Any]:
        """The models' MetaData by bind name; empty where only env.py knows."""

    default_template: str
    """The template for a new migrations folder."""

    multidb_template: str
    """The one that ``init --multidb`` takes."""

    @property
    def is_development(self) -> bool:
        """Whether the application runs in debug or testing mode."""

    def templates(self) -> tuple[Mapping[str, str], list[Path]]:
        """The names that templates of this package have here, and folders with more templates."""

    def after_init(self, directory: str) -> str:
        """What to do when a new migrations folder has been made."""

    def roots(self) -> list[Path]:
        """Folders where the application may keep its migrations folder."""


class Options(Protocol):
    """Reads one setting of the ``[alembic]`` section."""

    def __call__(self, name: str) -> Any:
        """The value, None where it is not set."""


@dataclass(frozen=True)
class Layout:
    """Where revision files are, and which files are revisions."""

    script: Path
    versions: tuple[Path, ...]
    recursive: bool = False
    sourceless: bool = False


@dataclass
class Project:
    """One migrations folder as the user named it, and what stands around it."""

    directory: Path
    config_file: Path | None
    surroundings: Surroundings
    toml_file: Path | None = None
    section: str = "alembic"
    cache: dict[str, Any] = field(default_factory=dict)
    """What a command has read and others may use again: the history."""
    typed: Mapping[str, Any] = field(default_factory=dict)
    """The settings that were typed with the command, by name; None for those that were not."""

    @property
    def command(self) -> str:
        """How a user starts us."""
        return self.surroundings.command

    def moved_to(self, folder: str | Path) -> Project:
        """The same project with another migrations folder."""
        directory, config_file = Path(folder), self.config_file
        if config_file is not None and config_file.parent == self.directory:
            config_file = directory / config_file.name
        return replace(self, directory=directory, config_file=config_file, cache={})

    @cached_property
    def settings(self) -> Settings:
        """The settings that hold. Raises ConfigurationError where a value makes no sense."""
        typed = Source(self.typed, lambda name: f"--{name.replace('_', '-')}")
        return read_settings([typed, *self.surroundings.settings(), *self._toml_settings()])

    def _toml_settings(self) -> Iterator[Source]:
        """The ``[tool.whimbrel]`` of the nearest pyproject.toml: of the migrations folder, or above."""
        home = self.directory.absolute()
        for path in filter(None, [self.toml_file, *(folder / "pyproject.toml" for folder in (home, *home.parents))]):
            if path.is_file():
                # Most have none, and reading TOML takes longer than looking.
                if b"tool.whimbrel" in path.read_bytes():
                    yield of_toml(read_toml(path).get("tool", {}).get("whimbrel", {}), display_path(path))
                return

    @cached_property
    def option(self) -> Options:
        """Reads one setting: from the Config where code may have changed it, else from the files."""
        if self.surroundings.is_config_customised():
            config = self.config()
            return lambda name: config.get_main_option(name)
        return FileOptions(self.config_file, self.toml_file, self.section)

    def config(self, **options: Any) -> Any:
        """A new ``alembic.config.Config`` for one command."""
        return self.surroundings.config(self, options)

    @cached_property
    def layout(self) -> Layout:
        """Where the revision files are; raises ConfigurationError where there is no migrations folder."""
        named = self.option("script_location") if self.surroundings.is_config_customised() else None
        script = resource_path(named) if named else self.directory
        if not script.is_dir():
            raise ConfigurationError(
                f"There is no migrations folder at {display_path(script)}.",
                hint=f"Create it with '{self.command} init', or name another one with -d.",
            )
        return Layout(
            script=script,
            versions=tuple(self._version_locations()) or (script.absolute() / "versions",),
            recursive=is_true(self.option("recursive_version_locations")),
            sourceless=is_true(self.option("sourceless")),
        )

    def _version_locations(self) -> Iterator[Path]:
        found = self.option("version_locations")
        for location in split_paths(found, self.option, "path_separator", "version_path_separator", legacy=r", *|(?: +)"):
            yield resource_path(location).absolute()

    def prepend_sys_path(self) -> None:
        """Do what ``prepend_sys_path`` says; relative folders count from here, and from the ini file's folder."""
        found = self.option("prepend_sys_path")
        folders = list(split_paths(found, self.option, "path_separator", legacy=r", *|(?: +)|\:"))
        home = (self.config_file or self.toml_file or Path("alembic.ini")).absolute().parent
        for folder in [*folders, *(str(home / folder) for folder in folders)]:
            absolute = os.path.abspath(folder)
            if folder not in sys.path and absolute not in sys.path:
                sys.path.insert(0, folder)


class FileOptions:
    """Settings as ``alembic.ini`` and the ``[tool.alembic]`` of ``pyproject.toml`` have them; the ini file wins."""

    def __init__(self, ini: Path | None, toml: Path | None, section: str) -> None:
        self.values: dict[str, Any] = {}
        if toml is not None and toml.is_file():
            self.values |= interpolated(read_toml(toml).get("tool", {}).get("alembic", {}), {"here": here(toml)})
        if ini is not None and ini.is_file():
            from configparser import ConfigParser

            parser = ConfigParser({"here": here(ini)})
            read_ini(parser, ini)
            if parser.has_section(section):
                with readable(ini):
                    self.values |= dict(parser.items(section))

    def __call__(self, name: str) -> Any:
        """The value, None where it is not set."""
        return self.values.get(name)


def read_ini(parser: ConfigParser, path: Path) -> None:
    """Read an ini file as UTF-8, whatever the locale; as the locale has it where it is not UTF-8."""
    with readable(path):
        try:
            parser.read(path, encoding="utf-8-sig")
        except UnicodeDecodeError:
            parser.read(path)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise ConfigurationError where an ini file makes no sense."""
    from configparser import Error

    try:
        yield
    except (Error, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{display_path(path)} cannot be read: {error}") from error


def read_toml(path: Path) -> dict[str, Any]:
    """The contents of a TOML file."""
    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{display_path(path)} cannot be read: {error}") from error


def interpolated(value: Any, names: Mapping[str, str]) -> Any:
    """A TOML value with ``%(here)s`` filled in, as Alembic does it."""
    if isinstance(value, str):
        return value % names
    if isinstance(value, list):
        return [interpolated(item, names) for item in value]
    if isinstance(value, dict):
        return {key: interpolated(item, names) for key, item in value.items()}
    return value


def here(path: Path) -> str:
    """What ``%(here)s`` means in this file."""
    return path.absolute().parent.as_posix()


def is_true(value: Any) -> bool:
    """Whether a setting is on; Alembic knows ``true``."""
    return value is True or str(value).strip().lower() in ("true", "1", "yes", "on")


def split_paths(value: Any, option: Options, *separators: str, legacy: str) -> list[str]:
    """A setting that lists paths: by its separator setting, else in the old way, by spaces and commas."""
    if value is None or isinstance(value, list):
        return list(value or ())
    named = next((name for name in separators if option(name)), None)
    if named is None:
        return [part for part in re.split(legacy, value) if part]
    if option(named) not in SEPARATORS:
        raise ConfigurationError(f"{named} = {option(named)} is not one of {', '.join(SEPARATORS)}.")
    return [part.strip() for part in value.split(SEPARATORS[option(named)]) if part.strip()]


def resource_path(location: str) -> Path:
    """A folder, or ``package:folder`` inside an installed package (Alembic's ``script_location`` syntax)."""
    if os.path.isabs(location) or ":" not in location:
        return Path(location)
    package, *inside = location.split(":")
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ConfigurationError(f"'{location}' names a folder in the package '{package}', which cannot be imported.")
    return Path(next(iter(spec.submodule_search_locations)), *inside)


SHOWN_AS: dict[str, str] = {}
"""What people are told instead of the path of a file that none of them has written."""


def display_path(path: Path | str) -> str:
    """A path as a person at this prompt would type it: relative where it lies below, else absolute."""
    absolute, home = os.path.abspath(path), os.path.join(os.getcwd(), "")
    if absolute in SHOWN_AS:
        return SHOWN_AS[absolute]
    return absolute[len(home) :] if absolute.startswith(home) else absolute


def named_by(directory: str | os.PathLike[str] | None, x: Iterable[str]) -> list[str]:
    """The options of a command for this migrations folder, with these arguments for env.py."""
    folder = ["-d", os.fspath(directory)] if directory else []
    return [*folder, *(word for each in x for word in ("-x", each))]


def find_folder(name: str | Path, roots: Callable[[], list[Path]]) -> Path:
    """The migrations folder of that name: from here, else from where the application is."""
    here = Path(name)
    if here.is_absolute() or is_migrations_folder(here):
        return here
    for root in roots():
        if is_migrations_folder(root / here):
            return root / here
    return here


def is_migrations_folder(path: Path) -> bool:
    """Whether somebody ran ``init`` there."""
    return any((path / name).exists() for name in ("env.py", "env.pyc", "alembic.ini", "versions"))
