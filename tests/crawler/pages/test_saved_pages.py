from pathlib import Path

import pytest

from benchmarks.parse_table import check_page, read_manifest


def test_every_saved_page_is_read_in_full(shared_amazon: Path, subtests: pytest.Subtests) -> None:
    rows = read_manifest(shared_amazon)
    assert len(rows) > 40
    for row in rows:
        with subtests.test(row["path"]):
            assert [field for field, is_right in check_page(shared_amazon, row) if not is_right] == []
