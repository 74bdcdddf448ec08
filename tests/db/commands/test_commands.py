"""`python -m db` as its users meet it: words in, results on standard output, advice on standard error."""

import csv
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from typer.testing import Result

from db.queries.products import COLUMNS
from db.session import Database
from tests.conftest import ROOT
from tests.db.conftest import Command
from tests.factories import product, save
from tests.processes import PATIENCE_SECONDS
from tests.screens import plain


@pytest.fixture
def imported(command: Command, photos: Path) -> Command:
    assert command("import", photos, "--source", "wardrobe").exit_code == 0
    return command


def lines(result: Result) -> list[str]:
    return [line.strip() for line in result.stdout.splitlines()]


def test_import_counts_what_it_saved_and_says_what_comes_next(command: Command, photos: Path) -> None:
    (photos / "jeans" / "page.jpg").write_bytes(b"<html>")
    result = command("import", photos, "--source", "wardrobe")
    assert result.exit_code == 0
    assert "Saved: jeans 2, other 1, saree 1. Refused: unsupported_format 1." in result.stderr
    assert "Waiting for the first training: saree 1 of 40, jeans 2 of 40, trousers 0 of 40" in result.stderr
    assert result.stdout == ""


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        (
            "products --category skirt",
            "--category: categories are saree, jeans, trousers, and no product is labelled otherwise; got 'skirt'",
        ),
        (
            "products --category other",
            "--category: categories are saree, jeans, trousers, and no product is labelled otherwise; got 'other'",
        ),
        ("products --after B000000001", "Invalid value for '--after': Input should be a valid integer"),
        ("products --after -1", "Invalid value for '--after': Input should be greater than or equal to 0"),
        ("products --limit -5", "Invalid value for '--limit': Input should be greater than or equal to 1"),
        ("products --min-confidence 90", "'--min-confidence': Input should be less than or equal to 1"),
        (
            "products --format xml",
            "'--format': Value error, 'xml' is not one of 'table', 'json', 'csv', 'spreadsheet', 'parquet'",
        ),
        ("products --output products.txt", "--output takes a name in .json, .csv or .parquet"),
        ("export out --format zip", "'--format': Value error, 'zip' is not one of 'folders', 'parquet'"),
        ("review amazon.in B000000001 skirt", "categories are saree, jeans, trousers, other; got 'skirt'"),
        ("import /nowhere --source x", "'DIR': dir '/nowhere' does not exist"),
        ("import .", "Missing option '--source'"),
        ("import . --source ' '", "'--source': a name of 1 to 100 characters is needed, got ' '"),
        ("stats --format csv", "'--format': Value error, 'csv' is not one of 'table', 'json'"),
        ("contact-sheet sheet.gif", "'FILE': a name ending in .png, .jpg, .jpeg is needed, got sheet.gif"),
        ("nonsense", "No such command 'nonsense'"),
    ],
)
def test_a_wrong_word_is_named_with_what_is_allowed(command: Command, line: str, complaint: str) -> None:
    result = command(*shlex.split(line))
    assert (result.exit_code, result.stdout) == (2, "")
    assert complaint in plain(result.stderr)


def test_a_folder_of_another_name_is_a_wrong_argument_and_nothing_is_imported(
    command: Command, photos: Path
) -> None:
    (photos / "jeans").rename(photos / "denim")
    result = command("import", photos, "--source", "wardrobe")
    assert result.exit_code == 2
    assert "denim" in result.stderr
    assert "trousers" in result.stderr
    assert json.loads(command("stats", "--format", "json").stdout)["products"] == 0


def test_the_table_ends_with_the_command_for_the_next_page(imported: Command) -> None:
    first = imported("products", "--marketplace", "wardrobe", "--limit", 3)
    assert [line.split()[2] for line in lines(first)[1:]] == [
        "jeans/1.jpg",
        "jeans/2.png",
        "other/shirts/4.jpg",
    ]
    advice = first.stderr.strip().removeprefix("More: python -m db ")
    assert advice == "products --marketplace wardrobe --limit 3 --after 3"
    second = imported(*shlex.split(advice))
    assert [line.split()[2] for line in lines(second)[1:]] == ["shop/saree/3.webp"]
    assert second.stderr == ""


def test_a_table_shows_twenty_and_the_other_formats_all(command: Command, sqlite: Database) -> None:
    save(sqlite, *(product(f"B{n:09}") for n in range(25)))
    assert len(lines(command("products"))) == 1 + 20
    assert len(json.loads(command("products", "--format", "json").stdout)) == 25
    assert len(lines(command("products", "--format", "csv"))) == 1 + 25
    assert len(lines(command("products", "--format", "csv", "--limit", 7))) == 1 + 7


def test_json_is_one_array_with_exact_prices_and_moments_in_utc(command: Command, sqlite: Database) -> None:
    save(sqlite, product(title='Blue "jeans" \N{INDIAN RUPEE SIGN}'))
    text = command("products", "--format", "json").stdout
    (row,) = json.loads(text)
    assert tuple(row) == COLUMNS
    assert '"price": 499.00,' in text
    assert row["title"] == 'Blue "jeans" \N{INDIAN RUPEE SIGN}'
    assert row["last_seen_at"].endswith("+00:00")
    assert (row["category"], row["uncertain"]) == (None, None)


@pytest.mark.parametrize(("kind", "nothing"), [("json", "[]\n"), ("csv", ",".join(COLUMNS) + "\n")])
def test_no_products_are_no_products_in_every_format(command: Command, kind: str, nothing: str) -> None:
    assert command("products", "--format", kind).stdout == nothing


def test_csv_has_the_columns_of_the_view_and_the_cursor(imported: Command) -> None:
    rows = list(csv.DictReader(imported("products", "--format", "csv").stdout.splitlines()))
    assert list(rows[0]) == list(COLUMNS)
    assert [row["listed_category"] for row in rows] == ["jeans", "jeans", "other", "saree"]


def test_parquet_goes_to_a_file_or_a_pipe(imported: Command, tmp_path: Path) -> None:
    path = tmp_path / "products.parquet"  # its name says the format
    written = imported("products", "--output", path)
    assert plain(written.stderr).startswith("Written: 4 rows to ")
    table = pq.read_table(path)
    assert [name for name in table.column_names if name != "price_float"] == list(COLUMNS)
    assert table["asin"].to_pylist()[0] == "jeans/1.jpg"
    assert str(table.schema.field("price").type) == "decimal128(14, 2)"
    assert str(table.schema.field("last_seen_at").type) == "timestamp[us, tz=UTC]"
    assert imported("products", "--format", "parquet").stdout_bytes[:4] == b"PAR1"


def test_a_title_cannot_steer_the_terminal_or_the_table(command: Command, sqlite: Database) -> None:
    save(sqlite, product(title="[red]not red[/] \x1b[2J"))
    assert "[red]not red[/]  [2J" in command("products").stdout


def test_a_review_is_the_label_from_now_on(imported: Command) -> None:
    assert imported("review", "wardrobe", "jeans/1.jpg", "trousers").exit_code == 0
    (row,) = json.loads(imported("products", "--disagree", "--format", "json").stdout)
    assert (row["asin"], row["category"], row["decided_by"]) == ("jeans/1.jpg", "trousers", "review")


def test_stats_count_as_a_table_and_as_json(imported: Command) -> None:
    figures = json.loads(imported("stats", "--format", "json").stdout)
    assert (figures["products"], figures["images"], figures["unclassified"]) == (4, 4, 4)
    assert figures["listed"] == {"saree": 1, "jeans": 2, "trousers": 0, "other": 1}
    assert [line.split() for line in lines(imported("stats")) if line.startswith("listed: jeans")] == [
        ["listed:", "jeans", "2"]
    ]


def test_export_fills_the_folders_that_keras_reads(imported: Command, tmp_path: Path) -> None:
    result = imported("export", tmp_path / "out")
    assert result.exit_code == 0
    names = {path.name for path in (tmp_path / "out").rglob("*.*")}
    assert {"1jeans.jpg", "2jeans.png", "1saree.png", "1other.jpg"} <= names


def test_upgrade_says_from_what_to_what(command: Command) -> None:
    assert re.search(r"The schema was (\d{4}) and is now \1\.", command("upgrade").stderr)


# The exit codes and single lines of named errors belong to the process, so these start one.


def run(tmp_path: Path, *words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "db", *words],
        cwd=ROOT,
        env={**os.environ, "VASTRA_FOLDER": str(tmp_path / "var"), **environment},
        capture_output=True,
        text=True,
        timeout=PATIENCE_SECONDS,
        check=False,
    )


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "environment", "line"),
    [
        (["export", "{}/out"], {}, "nothing to export"),
        (["review", "amazon.in", "B000000404", "jeans"], {}, "B000000404"),
        (["import", "{}", "--source", "x"], {}, "no picture was imported"),
        (["products"], {"DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none"}, "check DATABASE_URL"),
        (["products"], {"DATABASE_URL": "nonsense"}, "DATABASE_URL cannot be used"),
    ],
)
def test_a_job_that_was_not_done_ends_with_1_and_one_line(
    tmp_path: Path, words: list[str], environment: dict[str, str], line: str
) -> None:
    done = run(tmp_path, *(word.format(tmp_path) for word in words), **environment)
    assert (done.returncode, done.stdout) == (1, "")
    assert line in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_help_starts_without_the_large_libraries() -> None:
    program = (
        "import sys, db.__main__; from typer.testing import CliRunner; "
        "assert CliRunner().invoke(db.__main__.app, ['--help']).exit_code == 0; "
        "print(*sorted({'sqlalchemy', 'PIL', 'numpy', 'scipy', 'pyarrow', 'tensorflow'} & set(sys.modules)))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == ""


@pytest.mark.slow
def test_a_reader_that_leaves_early_hears_no_complaint(sqlite: Database) -> None:
    save(sqlite, *(product(f"B{n:09}") for n in range(1000)))  # more than a pipe holds
    command = f"{shlex.quote(sys.executable)} -m db products --format csv | head -c 10"
    environment = {**os.environ, "DATABASE_URL": str(sqlite.engine.url)}
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
        timeout=PATIENCE_SECONDS,
    )
    assert (done.stdout, done.stderr) == ("marketplac", "")
