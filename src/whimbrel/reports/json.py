"""For a machine: one JSON document on the standard output when the command has ended."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from traceback import format_exception

from ..errors import WhimbrelError
from ..events import Event, Noticed
from ..lines import Reportable


class JsonReport:
    """The result, or the error with its exit code. Notices go to the standard error, a JSON object a line."""

    def __init__(self, *, quiet: bool = False, verbose: bool = False, traceback: bool = False) -> None:
        self.quiet = quiet
        self.traceback = traceback

    def event(self, event: Event) -> None:
        """Progress is in the result."""
        if isinstance(event, Noticed) and not self.quiet:
            print(json.dumps({"notice": asdict(event)["text"]}), file=sys.stderr)

    def result(self, result: Reportable) -> None:
        """Print the result."""
        print(json.dumps(result.as_data(), indent=2))

    def error(self, error: WhimbrelError) -> None:
        """Print the error."""
        trace = {"traceback": format_exception(error)} if self.traceback else {}
        print(json.dumps({**error.as_data(), **trace}, indent=2))


report = JsonReport
