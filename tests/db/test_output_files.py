import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Thread

import pytest

from db.errors import OutputFileError
from db.output_files import require_writable, written_to


def write(path: Path, data: bytes = b"new") -> None:
    with written_to(path) as stream:
        stream.write(data)


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


def test_a_file_appears_when_it_is_complete(tmp_path: Path) -> None:
    path = tmp_path / "made" / "rows.csv"
    with written_to(path) as stream:
        stream.write(b"new")
        assert not path.exists()
    assert path.read_bytes() == b"new"
    assert names(path.parent) == ["rows.csv"]


def test_what_is_interrupted_leaves_the_earlier_file(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    write(path, b"old")

    def interrupted() -> Iterator[bytes]:
        yield b"ne"
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt), written_to(path) as stream:
        stream.writelines(interrupted())
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["rows.csv"]


def test_a_link_stays_and_what_it_leads_to_is_replaced(tmp_path: Path) -> None:
    target, link = tmp_path / "elsewhere" / "rows.csv", tmp_path / "link.csv"
    link.symlink_to(target)
    for data in (b"first", b"second"):
        write(link, data)
        assert link.is_symlink()
        assert target.read_bytes() == data


def test_a_device_is_written_through() -> None:
    write(Path(os.devnull))
    require_writable(Path(os.devnull))
    assert stat.S_ISCHR(Path(os.devnull).stat().st_mode)


def test_a_pipe_is_written_through(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    writer = Thread(target=write, args=(pipe,))
    writer.start()
    assert pipe.read_bytes() == b"new"
    writer.join()
    assert stat.S_ISFIFO(pipe.stat().st_mode)


def test_an_open_file_of_a_process_is_written_through(tmp_path: Path) -> None:
    """As `--output /dev/stdout >> rows.csv` asks for."""
    path = tmp_path / "rows.csv"
    path.write_bytes(b"earlier ")
    with path.open("ab") as stream:
        write(Path(f"/proc/self/fd/{stream.fileno()}"))
        assert path.stat().st_ino == os.fstat(stream.fileno()).st_ino


@pytest.mark.parametrize("check", [write, require_writable])
def test_a_place_that_takes_no_file_is_named(tmp_path: Path, check: Callable[[Path], None]) -> None:
    (tmp_path / "file").write_bytes(b"")
    for path in (tmp_path / "file" / "rows.csv", Path("/proc/nothing/rows.csv"), tmp_path / ("x" * 300)):
        with pytest.raises(OutputFileError, match="cannot write there"):
            check(path)
    assert names(tmp_path) == ["file"]


def test_asking_beforehand_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    require_writable(path)
    assert names(tmp_path) == []
    write(path, b"old")
    require_writable(path)
    assert path.read_bytes() == b"old"
