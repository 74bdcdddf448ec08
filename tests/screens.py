"""What a command prints for people, as a test can read it."""

import re
from functools import cache

from typer.testing import CliRunner

import db.__main__
import demo.__main__
import demo.shop.__main__
import web.__main__
import worker.__main__

APPS = {
    "db": db.__main__.app,
    "worker": worker.__main__.app,
    "web": web.__main__.app,
    "demo": demo.__main__.application,
    "demo.shop": demo.shop.__main__.application,
}
"""What `python -m PACKAGE` offers."""


def plain(text: str) -> str:
    """The words on one line: without frames, line breaks and the marks of code."""
    return " ".join(re.sub(r"[│╭╮╰╯─`]", " ", text).split())


@cache
def help_of(package: str, *words: str) -> str:
    """What `python -m PACKAGE WORDS --help` shows, its words on one line."""
    result = CliRunner().invoke(APPS[package], [*words, "--help"], env={"COLUMNS": "300"})
    assert result.exit_code == 0, result.output
    return plain(result.stdout)
