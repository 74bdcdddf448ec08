"""What a command prints for people, as a test can read it."""

import re


def plain(text: str) -> str:
    """The words on one line: without frames, line breaks and the marks of code."""
    return " ".join(re.sub(r"[│╭╮╰╯─`]", " ", text).split())
