"""Types commands for a test: run by the Python of one environment, it reads requests and answers each with the result.

A request is a line of JSON: the folder, the environment variables, and the words of a command as after ``python -m``, or
code to run. Each is done in a process of its own, forked from this one, which has imported the libraries already: a
command costs what it does, not the start of Python.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import sys
import tempfile
import traceback
from pathlib import Path

WITHIN = 300  # seconds


def main(libraries: list[str]) -> None:
    for name in libraries:
        importlib.import_module(name)
    gc.freeze()  # what is here stays: children need not look through it
    answer({})
    for line in sys.stdin:
        answer(done(json.loads(line)))


def answer(facts: dict) -> None:
    sys.stdout.write(json.dumps(facts) + "\n")
    sys.stdout.flush()


def done(request: dict) -> dict:
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = os.fork()
        if not child:
            signal.alarm(WITHIN)
            os.dup2(out.fileno(), 1)
            os.dup2(err.fileno(), 2)
            code = 1
            try:
                code = typed(**request)
            finally:
                os._exit(code)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        return {"code": code, "out": text_of(out), "err": text_of(err)}


def typed(folder: str, env: dict[str, str], words: list[str], source: str | None) -> int:
    """Do what a request says, as a fresh process; returns the exit code."""
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.environ.update(env)
    os.chdir(folder)
    sys.path[0] = folder
    try:
        if source is not None:
            exec(compile(source, str(Path(folder, "code.py")), "exec"), {"__name__": "__main__"})
        else:
            sys.argv = words
            runpy.run_module(words[0], run_name="__main__", alter_sys=True)
    except SystemExit as end:
        if isinstance(end.code, str):
            sys.stderr.write(end.code)
        return end.code & 255 if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
    return 0


def text_of(file) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


if __name__ == "__main__":
    main(sys.argv[1:])
