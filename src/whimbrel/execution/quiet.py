"""Keep the application's logging as it is while env.py runs.

Every env.py template of Alembic and Flask-Migrate calls ``fileConfig()``, which replaces the handlers of the process and
disables all its loggers.
"""

from __future__ import annotations

import logging
import logging.config
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
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
    logging.config.fileConfig = guarded(originals[0], thread, owns_process)
    logging.config.dictConfig = guarded(originals[1], thread, owns_process)
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


def guarded(original: Callable[..., None], thread: int, owns_process: bool) -> Callable[..., None]:
    """A configuring function that disables nothing, and in a program does nothing; for other threads the original."""

    def configure(config: Any, *args: Any, **kwargs: Any) -> None:
        if threading.get_ident() != thread:
            original(config, *args, **kwargs)
        elif owns_process:
            try:
                if original.__name__ == "fileConfig":
                    # args are defaults and disable_existing_loggers; the file is read as UTF-8 whatever the locale.
                    kept = {**kwargs, "encoding": kwargs.get("encoding") or "utf-8", "disable_existing_loggers": False}
                    original(config, *args[:1], **kept)
                else:
                    original({**config, "disable_existing_loggers": False})
            except (KeyError, FileNotFoundError):
                pass  # an alembic.ini without [loggers]: there is nothing to configure
            for name in TOLD_BY_US:
                logging.getLogger(name).setLevel(logging.WARNING)

    return configure
