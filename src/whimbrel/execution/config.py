"""The Alembic configuration as env.py sees it, and as ``flask_migrate.Config`` was."""

from __future__ import annotations

import argparse
from configparser import ConfigParser
from functools import cached_property
from pathlib import Path
from typing import Any

from alembic.config import Config as AlembicConfig

from ..project import here, read_ini

TEMPLATES = Path(__file__).parent.parent / "templates"


class Config(AlembicConfig):
    """Alembic's Config, reading its file as UTF-8 whatever the locale.

    template_directory: where ``init`` looks for templates; the ones of this package by default.
    """

    def __init__(self, *args: Any, template_directory: str | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.template_directory = template_directory

    def get_template_directory(self) -> str:
        """The folder that has one folder for each template."""
        return self.template_directory or str(TEMPLATES)

    @cached_property
    def file_config(self) -> ConfigParser:
        """The ini file; an empty ``[alembic]`` section where there is none."""
        path = Path(self.config_file_name) if self.config_file_name else None
        self.config_args["here"] = here(path) if path else Path.cwd().as_posix()
        parser = ConfigParser(self.config_args)
        if path is not None:
            read_ini(parser, path)
        if not parser.has_section(self.config_ini_section):
            parser.add_section(self.config_ini_section)
        return parser


def command_options(config: AlembicConfig, options: dict[str, Any], x: tuple[str, ...] = ()) -> None:
    """Set ``config.cmd_opts``, where env.py files look for what the user typed."""
    if config.cmd_opts is None:
        config.cmd_opts = argparse.Namespace()
    for name, value in options.items():
        setattr(config.cmd_opts, name, value)
    if not hasattr(config.cmd_opts, "x"):
        config.cmd_opts.x = list(x)


def set_option(config: AlembicConfig, name: str, value: str) -> None:
    """Set an option of the main section; a percent sign in it is only a percent sign."""
    config.set_main_option(name, value.replace("%", "%%"))
