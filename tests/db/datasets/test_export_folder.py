from pathlib import Path

import pytest

from db.datasets.export_folder import MARK, replacing
from db.errors import ExportFolderError


def export(target: Path, text: str) -> None:
    with replacing(target) as folder:
        (folder / MARK).write_text(text)


def content(folder: Path) -> dict[str, str]:
    """The files of a folder and the folder's neighbours."""
    found = [path for path in folder.parent.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder.parent)): path.read_text() for path in found}


def test_a_second_export_to_the_same_place_is_refused_and_the_first_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "export"
    with replacing(target) as folder:
        (folder / "first").write_text("1")
        with pytest.raises(ExportFolderError, match="another export writes there: wait for its end"):
            export(target, "second")
        (folder / MARK).write_text("first")
    assert content(target) == {"export/first": "1", f"export/{MARK}": "first"}
    export(target, "second")
    assert content(target) == {f"export/{MARK}": "second"}


@pytest.mark.parametrize(
    "moment", ["before its end", "between the renamings", "while the old one is removed"]
)
def test_what_a_killed_export_leaves_is_in_nobodys_way(tmp_path: Path, moment: str) -> None:
    target, part, old = (tmp_path / name for name in ("export", ".export.part", ".export.old"))
    export(target, "earlier")
    if moment == "between the renamings":
        target.rename(old)
    if moment == "while the old one is removed":
        old.mkdir()
        (old / "train").mkdir()
    else:
        part.mkdir()
        (part / "half").write_text("of it")
    export(target, "new")
    assert content(target) == {f"export/{MARK}": "new"}


def test_an_export_that_fails_after_one_was_killed_leaves_the_earlier_one(tmp_path: Path) -> None:
    target, old = tmp_path / "export", tmp_path / ".export.old"
    export(target, "earlier")
    target.rename(old)
    with pytest.raises(KeyboardInterrupt), replacing(target):
        raise KeyboardInterrupt
    assert content(target) == {f"export/{MARK}": "earlier"}
