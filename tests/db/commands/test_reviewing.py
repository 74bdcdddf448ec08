"""Verdicts as people give them, take them back and read them."""

import csv
import io
import json
import re
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from db.session import Database
from tests.db.conftest import Command
from tests.factories import SHOP, label, likely, model_version, predict, product, save

FIRST, SECOND = "B000000001", "B000000002"


@pytest.fixture
def shop(sqlite: Database) -> Database:
    """Two products that the network calls jeans."""
    version = model_version(sqlite)
    images = save(sqlite, product(FIRST, 1), product(SECOND, 2))
    predict(sqlite, version, {image: likely("jeans") for image in images})
    return sqlite


def plain(text: str) -> str:
    return " ".join(re.sub("[\u2500-\u257f]", " ", text).split())


def test_a_verdict_and_what_stands_when_it_is_taken_back(shop: Database, command: Command) -> None:
    assert command("review", SHOP, FIRST, "saree", "--reviewer", "asha").exit_code == 0
    assert command("review", SHOP, FIRST, "other").exit_code == 0
    assert label(shop, FIRST).category is None
    result = command("review", SHOP, FIRST, "--withdraw")
    assert plain(result.stderr) == f"{SHOP} {FIRST}: other is taken back; an earlier verdict says saree."
    result = command("review", SHOP, FIRST, "--withdraw")
    assert plain(result.stderr) == f"{SHOP} {FIRST}: saree is taken back; model version 1 says jeans."
    assert command("review", SHOP, FIRST, "--withdraw").exit_code == 1


@pytest.mark.usefixtures("shop")
def test_why_a_person_was_asked_is_kept_with_the_verdict(command: Command) -> None:
    assert command("review", SHOP, FIRST, "saree", "--why", "random").exit_code == 0
    assert command("review", SHOP, SECOND, "saree", "--why", "curious").exit_code == 2
    (row,) = json.loads(command("reviews", "--format", "json").stdout)
    assert row["why"] == "random"


def test_a_file_of_verdicts_is_recorded_once(shop: Database, command: Command, tmp_path: Path) -> None:
    file = tmp_path / "verdicts.csv"
    file.write_text(
        f"marketplace,asin,category\n{SHOP},{FIRST},saree\n{SHOP},{SECOND},trousers\n", encoding="utf-8"
    )
    assert "Recorded: 2 verdicts." in command("review", "--from", file, "--reviewer", "asha").stderr
    assert "Recorded: 0 verdicts; 2 were recorded before." in command("review", "--from", file).stderr
    assert [label(shop, asin).category for asin in (FIRST, SECOND)] == ["saree", "trousers"]
    rows = json.loads(command("reviews", "--format", "json").stdout)
    assert [row["reviewer"] for row in rows] == ["asha", "asha"]


def test_a_wrong_line_or_product_keeps_the_whole_file_out(
    shop: Database, command: Command, tmp_path: Path
) -> None:
    file = tmp_path / "verdicts.csv"
    file.write_text(
        f"marketplace,asin,category\n{SHOP},{FIRST},saree\n{SHOP},{SECOND},skirt\n", encoding="utf-8"
    )
    result = command("review", "--from", file)
    assert (result.exit_code, "line 3: categories are" in plain(result.stderr)) == (2, True)
    file.write_text(f"marketplace,asin,category\n{SHOP},{FIRST},saree\n{SHOP},B9,jeans\n", encoding="utf-8")
    assert command("review", "--from", file).exit_code == 1
    assert label(shop, FIRST).category == "jeans"


@pytest.mark.parametrize(
    "words",
    [
        [],
        [SHOP],
        [SHOP, FIRST],
        [SHOP, FIRST, "jeans", "--withdraw"],
        ["--withdraw"],
        [SHOP, FIRST, "jeans", "--from", __file__],
        ["--from", __file__, "--withdraw"],
    ],
)
def test_words_that_do_not_go_together_are_refused(words: list[str], command: Command) -> None:
    result = command("review", *words)
    assert result.exit_code == 2
    assert "--from" in plain(result.stderr)
    assert "got" in plain(result.stderr)


@pytest.mark.usefixtures("shop")
def test_the_history_is_told_in_every_format(command: Command, tmp_path: Path) -> None:
    assert json.loads(command("reviews", "--format", "json").stdout) == []
    command("review", SHOP, FIRST, "saree", "--reviewer", "asha")
    command("review", SHOP, FIRST, "trousers")
    command("review", SHOP, FIRST, "--withdraw")
    columns = [
        "marketplace",
        "asin",
        "category",
        "reviewer",
        "why",
        "created_at",
        "withdrawn_at",
        "counts",
        "id",
    ]
    first, second = json.loads(command("reviews", "--format", "json").stdout)
    assert list(first) == columns
    assert (first["category"], first["reviewer"], first["withdrawn_at"], first["counts"]) == (
        "saree",
        "asha",
        None,
        True,
    )
    assert (second["category"], second["withdrawn_at"] is None, second["counts"]) == (
        "trousers",
        False,
        False,
    )
    told = list(csv.reader(io.StringIO(command("reviews", "--format", "csv").stdout)))
    assert [told[0], *(row[columns.index("counts")] for row in told[1:])] == [columns, "true", "false"]
    file = tmp_path / "reviews.parquet"
    assert command("reviews", "--format", "parquet", "--output", file, "--limit", "1").exit_code == 0
    table = pq.read_table(file)
    assert (table.column_names, table.num_rows) == (columns, 1)
    assert [str(table.schema.field(name).type) for name in ("created_at", "counts", "id")] == [
        "timestamp[us, tz=UTC]", "bool", "int64",
    ]  # fmt: skip
    shown = command("reviews").stdout.splitlines()
    assert [line.split()[-1] for line in shown] == ["counts", "yes", "withdrawn"]
    assert "No verdict yet" in command("reviews", "--marketplace", "elsewhere").stderr


def test_what_to_review_is_told_in_every_format_and_gone_once_reviewed(
    shop: Database, command: Command, tmp_path: Path
) -> None:
    columns = [
        "marketplace", "asin", "title", "listed_category", "likeliest", "confidence", "why", "image_sha256",
    ]  # fmt: skip
    rows = json.loads(command("to-review", "--format", "json").stdout)
    assert [list(row) for row in rows] == [columns] * 2
    assert {(row["listed_category"], row["likeliest"], row["why"]) for row in rows} == {
        ("saree", "jeans", "new source")
    }
    told = list(csv.reader(io.StringIO(command("to-review", "--format", "csv", "--limit", "1").stdout)))
    assert (told[0], len(told)) == (columns, 2)
    file = tmp_path / "rows.parquet"
    assert command("to-review", "--format", "parquet", "--output", file).exit_code == 0
    assert pq.read_table(file).column_names == columns
    shown = command("to-review", "--order", "contradicted")
    assert [line.split()[:3] for line in shown.stdout.splitlines()[1:]] == [
        ["contradicted", SHOP, SECOND],
        ["contradicted", SHOP, FIRST],
    ]
    assert "python -m db review MARKETPLACE ASIN CATEGORY" in shown.stderr
    for asin in (FIRST, SECOND):
        command("review", SHOP, asin, "saree")
    assert "Nothing to review" in command("to-review").stderr
    assert json.loads(command("to-review", "--format", "json").stdout) == []
    assert label(shop, FIRST).category == "saree"


def test_a_table_is_for_reading(command: Command) -> None:
    for name in ("reviews", "to-review"):
        result = command(name, "--output", "rows.txt")
        assert (result.exit_code, "--output takes a name in" in plain(result.stderr)) == (2, True)
