"""What `--help` and docs/commands.md teach: what each command does, and what each of its options is for."""

import argparse
import re
from collections.abc import Iterator
from dataclasses import dataclass, fields

import pytest
from scrapy.settings import Settings
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption
from typer.main import get_command

from crawler.arguments import HELP
from crawler.commands.crawl import Command
from db.crawls import CrawlArguments
from tests.conftest import ROOT
from tests.screens import APPS, help_of, plain


@dataclass(frozen=True)
class Taught:
    """A command of `python -m PACKAGE`, and its help as it is shown."""

    package: str
    name: str | None
    command: TyperCommand

    def __str__(self) -> str:
        return f"{self.package} {self.name or ''}".strip()

    @property
    def first_sentence(self) -> str:
        return plain((self.command.help or "").split("\n\n")[0])

    def shown(self) -> str:
        words = [self.name] if self.name else []
        return help_of(self.package, *words)


def taught() -> Iterator[Taught]:
    for package, app in APPS.items():
        match get_command(app):
            case TyperGroup() as group:
                for name, command in group.commands.items():
                    assert isinstance(command, TyperCommand)
                    yield Taught(package, name, command)
            case TyperCommand() as command:
                yield Taught(package, None, command)


TAUGHT = list(taught())
PAPER = ROOT / "docs" / "commands.md"


def in_the_papers(command: str) -> str:
    """What docs/commands.md says of a command."""
    _, _, rest = PAPER.read_text(encoding="utf-8").partition(f"### `python -m {command}`\n")
    return re.split(r"^##", rest, maxsplit=1, flags=re.MULTILINE)[0]


@pytest.mark.parametrize("each", TAUGHT, ids=str)
def test_a_command_says_what_it_does(each: Taught) -> None:
    assert len(each.first_sentence) > 20
    assert each.first_sentence in each.shown()


@pytest.mark.parametrize("each", TAUGHT, ids=str)
def test_a_command_teaches_each_of_its_options_and_arguments(each: Taught) -> None:
    text = each.shown()
    for parameter in each.command.params:
        assert isinstance(parameter, TyperOption | TyperArgument)
        assert parameter.help, f"{parameter.name} has no help"
        assert plain(parameter.help) in text, "it is there, and not shown"
        names = parameter.opts if isinstance(parameter, TyperOption) else [str(parameter.metavar)]
        assert [name for name in names if name not in text] == []


@pytest.mark.parametrize("each", TAUGHT, ids=str)
def test_a_command_and_each_of_its_options_stand_in_the_papers(each: Taught) -> None:
    section = in_the_papers(str(each))
    options = {name for p in each.command.params for name in (*p.opts, *p.secondary_opts) if name[:2] == "--"}
    assert set(re.findall(r"--[a-z][a-z-]*", section)) == options - {"--help"}


def test_the_papers_name_no_command_that_is_gone() -> None:
    named = re.findall(r"^### `python -m ([^`]+)`$", PAPER.read_text(encoding="utf-8"), re.MULTILINE)
    assert named == [str(each) for each in TAUGHT]


@pytest.mark.parametrize("package", ["db", "worker"])
def test_the_help_of_a_package_lists_its_commands_with_what_they_do(package: str) -> None:
    text = help_of(package)
    for each in TAUGHT:
        if each.package == package:
            assert f"{each.name} {each.first_sentence}" in text


@pytest.mark.parametrize("each", [each for each in TAUGHT if each.package == "db"], ids=str)
def test_every_command_on_the_records_has_an_example(each: Taught) -> None:
    assert re.search(rf"Example: (\w+=\S+ )?python -m db {each.name}\b", each.shown())


def test_the_crawl_teaches_each_of_its_options_and_arguments() -> None:
    command, parser = Command(), argparse.ArgumentParser()
    command.settings = Settings()
    command.add_options(parser)
    assert [action.dest for action in parser._actions if not action.help] == []
    assert HELP.keys() == {field.name for field in fields(CrawlArguments)}
    text = parser.format_help()
    assert all(f"  {name:<13} {words}\n" in text for name, words in HELP.items())
