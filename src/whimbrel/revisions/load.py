"""Load a revision file as a module, to run it."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType


def load_module(path: Path) -> ModuleType:
    """Run a file and return its module; it is not entered into ``sys.modules``, just as Alembic does it.

    Raises whatever the file raises.
    """
    name = re.sub(r"\W", "_", path.name)
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} is not a Python file")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
