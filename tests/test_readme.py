"""The program that README.md shows."""

import re
from pathlib import Path
from typing import Any

import pytest

from db.session import Database
from tests.conftest import ROOT
from tests.factories import likely, model_version, picture_bytes, predict, product, save

(PROGRAM,) = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(encoding="utf-8"), re.DOTALL)


def test_the_program_in_the_readme_runs(
    sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database = Database(sqlite_url)
    (image,) = save(database, product("B1", 1))
    predict(database, model_version(database), {image: likely("saree")})
    database.close()
    monkeypatch.chdir(tmp_path)
    Path("var").mkdir()
    Path("records.sqlite3").rename("var/vastra.sqlite3")
    names: dict[str, Any] = {}
    exec(compile(PROGRAM, "README.md", "exec"), names)
    names["records"].close()
    assert names["asin"] == "B1"
    assert Path("saree.jpg").read_bytes() == picture_bytes(1)
