"""Flags that are settings, of any command."""

from argparse import ArgumentParser
from collections.abc import Iterable

from ..settings import FIELDS

CLIENT = ("state", "host", "port", "region")
"""What a command needs to find an endpoint, and who signs."""


def add_settings(parser: ArgumentParser, names: Iterable[str]) -> None:
    """A flag for each of these settings, with its manual."""
    for name in names:
        manual = FIELDS[name].metadata["manual"]
        flag = "--" + name.replace("_", "-")
        if FIELDS[name].type is bool:
            parser.add_argument(flag, dest=name, action="store_const", const=True, help=manual)
        else:
            parser.add_argument(flag, dest=name, metavar=name.upper(), help=manual)


def add_output(parser: ArgumentParser) -> None:
    """How the result is written."""
    parser.add_argument("-o", "--output", choices=("text", "json"), default="text")
