"""`python -m rag` is `pincite`."""

from .cli import main

main(prog_name="pincite")
