"""Keep the application's logging as it is while env.py runs.

Every env.py template of Alembic and Flask-Migrate calls ``fileConfig()``, which replaces the handlers of the process and
disables all its loggers.
"""

from __future__ import annotations

import logging
import logging.config
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

TOLD_BY_US = ("alembic.runtime.migration", "alembic.runtime.plugins", "alembic.autogenerate")
"""Loggers whose INFO lines say what our own report says."""

State = tuple[int, bool, bool, list[logging.Handler], list[Any]]


@contextmanager
def logging_kept(*, owns_process: bool) -> Iterator[None]:
    """Restore every logger afterwards.

    owns_process: a command line, where ``fileConfig()`` may add handlers for the time of the run, but disables nothing.
    In a program it does nothing at all.
    """
    loggers = [logging.getLogger(), *(log for log in logging.root.manager.loggerDict.values() if isinstance(log, logging.Logger))]
    before = [(log, state(log)) for log in loggers]
    originals = logging.config.fileConfig, logging.config.dictConfig
    thread = threading.get_ident()

    def file_config(fname: Any, defaults: Any = None, disable_existing_loggers: bool = True, encoding: str | None = None) -> None:
        if threading.get_ident() != thread:
            originals[0](fname, defaults, disable_existing_loggers, encoding)
        elif owns_process:
            # An alembic.ini without [loggers] has nothing to configure.
            with suppress(KeyError, FileNotFoundError):
                originals[0](fname, defaults, disable_existing_loggers=False, encoding=encoding or "utf-8")
            hush()

    def dict_config(config: Any) -> None:
        if threading.get_ident() != thread:
            originals[1](config)
        elif owns_process:
            originals[1]({**config, "disable_existing_loggers": False})
            hush()

    logging.config.fileConfig, logging.config.dictConfig = file_config, dict_config
    try:
        yield
    finally:
        logging.config.fileConfig, logging.config.dictConfig = originals
        for log, was in before:
            log.setLevel(was[0])
            log.disabled, log.propagate, log.handlers[:], log.filters[:] = was[1:]


def state(log: logging.Logger) -> State:
    """What a configuration may change in a logger."""
    return log.level, log.disabled, log.propagate, list(log.handlers), list(log.filters)


def hush() -> None:
    """Leave to our own report what it says anyway."""
    for name in TOLD_BY_US:
        logging.getLogger(name).setLevel(logging.WARNING)
