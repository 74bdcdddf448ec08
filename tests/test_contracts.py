"""What the project promises of itself: which way imports point, what loads TensorFlow, what its papers say."""

import ast
import os
import re
import shlex
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from crawler.arguments import HELP
from tests.conftest import ROOT
from tests.screens import help_of

PACKAGES = ("crawler", "db", "worker", "web", "demo")
MODULES = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*.py"))
LOCKS = sorted((ROOT / "requirements").glob("*.lock"))
PAPERS = [
    path for name in ("README.md", "CONTRIBUTING.md", "docs/operations.md") if (path := ROOT / name).exists()
]
TARGET, PROGRAM, SPIDER = (
    r"\bmake ([a-z-]+)\b",
    r"\bpython -m (db|worker|web|demo(?:\.shop)?)\b([^#`|\n]*)",
    r"scrapy crawl (\w+)",
)


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command, cwd=ROOT, env=os.environ | {"COLUMNS": "200"}, capture_output=True, text=True, check=False
    )


def code(paper: Path) -> str:
    """The code of a Markdown file: its blocks, and what stands between backquotes."""
    text = paper.read_text(encoding="utf-8")
    blocks = re.findall(r"^```\w*\n(.*?)^```", text, flags=re.DOTALL | re.MULTILINE)
    return "\n".join([*blocks, *re.findall(r"`([^`\n]+)`", text)])


def found(pattern: str) -> list[tuple[str, ...]]:
    """Every match of the pattern in the code of the papers, each once."""
    matches = {match.groups() for paper in PAPERS for match in re.finditer(pattern, code(paper))}
    return sorted(matches)


@pytest.mark.slow
def test_imports_point_one_way() -> None:
    result = run(str(Path(sys.executable).with_name("lint-imports")))
    assert result.returncode == 0, result.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    "module",
    ["crawler.settings", "crawler.spiders.amazon_clothing", "db.session", "worker.app", "worker.tasks",
     "worker.__main__", "worker.fleet.supervisor", "worker.classifying.claims",
     "worker.classifying.predicting", "worker.classifying.version_export", "demo.job"],
)  # fmt: skip
def test_starting_a_program_loads_no_tensorflow(module: str) -> None:
    program = f"import {module}, sys; sys.exit(bool({{'tensorflow', 'keras'}} & sys.modules.keys()))"
    result = run(sys.executable, "-c", program)
    assert result.returncode == 0, result.stderr or "TensorFlow is loaded"


@pytest.mark.slow
@pytest.mark.parametrize("module", ["worker.evaluating.charts", "worker.fleet.status", "web.opening"])
def test_what_a_page_shows_loads_neither_network_nor_tasks(module: str) -> None:
    heavy = ("tensorflow", "keras", "ai_edge_litert", "worker.tasks")
    result = run(sys.executable, "-c", f"import {module}, sys; print(*sys.modules.keys() & {set(heavy)})")
    assert (result.returncode, result.stdout.split()) == (0, []), result.stderr


def test_a_modules_name_stands_for_one_thing() -> None:
    """A folder may repeat, such as commands, and so may what every package has."""
    repeated = {"__init__", "__main__", "errors", "settings"}
    names = Counter(path.stem for path in MODULES if path.stem not in repeated)
    assert {name for name, number in names.items() if number > 1} == set()


def test_a_classs_name_stands_for_one_thing() -> None:
    classes = (
        node.name
        for path in MODULES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and not node.name.startswith("_")
    )
    assert {name for name, number in Counter(classes).items() if number > 1} == set()


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "own"),
    [
        (("-c", "import db.models"), "db.models"),
        (("-m", "db", "--help"), "db.commands.overview"),
        (("-m", "worker", "--help"), "worker.commands.running"),
    ],
)
def test_tables_and_help_load_no_picture_library(words: tuple[str, ...], own: str) -> None:
    result = run(sys.executable, "-X", "importtime", *words)
    loaded = {line.rpartition("|")[2].strip() for line in result.stderr.splitlines()}
    assert own in loaded
    assert {"PIL", "numpy", "scipy"} & loaded == set()


def test_package_files_are_empty() -> None:
    assert [path for path in MODULES if path.name == "__init__.py" and path.stat().st_size] == []


def test_every_folder_of_code_is_a_package() -> None:
    folders = {path.parent for path in MODULES if "migrations" not in path.parts}
    assert [folder for folder in folders if not (folder / "__init__.py").exists()] == []


def test_no_module_is_longer_than_400_lines() -> None:
    lengths = {path: path.read_text(encoding="utf-8").count("\n") for path in MODULES}
    assert {path: length for path, length in lengths.items() if length > 400} == {}


def test_hardly_a_function_is_longer_than_35_lines() -> None:
    lengths = {
        f"{path}:{node.lineno} {node.name}": (node.end_lineno or 0) - node.lineno + 1
        for path in MODULES
        if "versions" not in path.parts
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 1000
    assert len(long := [name for name, length in lengths.items() if length > 35]) <= len(lengths) / 100, long


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.name)
def test_locks_pin_every_package_by_its_hash_and_name_no_host(lock: Path) -> None:
    text = lock.read_text(encoding="utf-8")
    pins = re.split(r"\n(?=[a-zA-Z0-9])", text.strip())
    assert len(pins) > 20
    assert [
        pin for pin in pins if not re.search(r"^\S+==\S+.*--hash=sha256:[0-9a-f]{64}", pin, re.DOTALL)
    ] == []
    assert re.findall(r"https?://|index-url|find-links|trusted-host", text) == []


def test_the_papers_name_commands_at_all() -> None:
    if not (ROOT / "README.md").exists():
        pytest.skip("README.md is not written yet")
    assert ("demo",) in found(TARGET)
    assert found(PROGRAM)
    assert found(SPIDER) == [("amazon_clothing",)]


@pytest.mark.parametrize("target", [target for (target,) in found(TARGET)])
def test_make_targets_that_the_papers_name_exist(target: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{target}:.*## ", makefile, re.MULTILINE)


@pytest.mark.parametrize(("package", "words"), sorted({(p, w.strip(" .,;")) for p, w in found(PROGRAM)}))
def test_commands_that_the_papers_name_take_what_they_are_given(package: str, words: str) -> None:
    given = shlex.split(words.split("…", maxsplit=1)[0])
    command = [word for word in given[:1] if re.fullmatch(r"[a-z-]+", word) and not word.startswith("-")]
    described = help_of(package, *command)
    options = [word.split("=")[0] for word in given if word.startswith("--") and word != "--help"]
    assert [option for option in options if option not in described] == []


@pytest.mark.slow
def test_spider_arguments_that_the_papers_name_exist() -> None:
    assert {name for (name,) in found(r"-a (\w+)=")} <= set(HELP)
    assert run(sys.executable, "-m", "scrapy", "list").stdout.split() == ["amazon_clothing"]


def test_actions_of_log_lines_are_those_that_the_papers_list() -> None:
    given = {
        value.value
        for path in MODULES
        for call in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(call, ast.Call)
        for keyword in call.keywords
        if keyword.arg == "extra" and isinstance(keyword.value, ast.Dict)
        for key, value in zip(keyword.value.keys, keyword.value.values, strict=True)
        if isinstance(key, ast.Constant) and key.value == "action" and isinstance(value, ast.Constant)
    }
    table = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8").partition("| action |")[2]
    rows = table.partition("\n\n")[0].splitlines()
    assert given == {name for row in rows for name in re.findall(r"`(\w+)`", row.split("|")[1])}
    assert len(given) > 20


def test_environment_variables_that_the_papers_name_are_read() -> None:
    source = "".join(path.read_text(encoding="utf-8") for path in MODULES)
    named = {name for (name,) in found(r"\b([A-Z]+_[A-Z_]+)=")}
    assert {name for name in named if name not in source} == set()
