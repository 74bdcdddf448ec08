"""Wrong command lines of the demo are told what is allowed."""

import pytest
import typer
from typer.testing import CliRunner

import demo.__main__
import demo.shop.__main__
from tests.screens import plain

JOB, SHOP = demo.__main__.application, demo.shop.__main__.application


@pytest.mark.parametrize(
    ("program", "line", "complaint"),
    [
        (JOB, "--products 5", "Invalid value for '--products': Input should be greater than or equal to 60"),
        (JOB, "--photos nowhere", "'--photos': dir 'nowhere' does not exist"),
        (SHOP, "--block-every 0", "'--block-every': Input should be greater than or equal to 1"),
        (SHOP, "--robots never", "'--robots': Value error, 'never' is not one of 'allow',"),
        (SHOP, "--colour red", "No such option: --colour"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(program: typer.Typer, line: str, complaint: str) -> None:
    result = CliRunner().invoke(program, line.split())
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in plain(result.stderr)
