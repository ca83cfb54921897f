"""A command line that answers a mistake with a sentence instead of the whole list of options."""

from __future__ import annotations

import argparse
from typing import NoReturn

from commands.errors import EXIT_REFUSED


class SentenceParser(argparse.ArgumentParser):
    """Parses as its parent does; a mistake is told in two lines, the second of which says where the options stand."""

    def error(self, message: str) -> NoReturn:
        """End the program with what is wrong."""
        self.exit(EXIT_REFUSED, f"Error: {message}.\n'python {self.prog} --help' lists what there is.\n")
