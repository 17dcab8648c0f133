"""``python -m whimbrel``."""

from .cli import main

main(prog_name="whimbrel")
