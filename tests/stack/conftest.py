import os
from collections.abc import Iterator

import pytest

from db.session import Database
from tests.conftest import missing
from tests.stack.stack import Stack, engine_is_there

# Minutes of building and killing are no part of `make test`: `make test-stack` and `make chaos` ask for them.
collect_ignore_glob = [] if os.environ.get("VASTRA_STACK") else ["test_*.py"]


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """Two classifiers, two crawl workers and the others, started from nothing; all of it is removed after."""
    if not engine_is_there():
        missing("no container engine answers: `docker info`")
    stack = Stack()
    stack.remove()
    stack.compose("build", "crawl-worker", "classifier")
    try:
        stack.compose("up", "-d", "--scale", "classifier=2", "--scale", "crawl-worker=2")
        yield stack
    finally:
        stack.remove()


@pytest.fixture(scope="session")
def demo(stack: Stack) -> str:
    """What the documented command prints that crawls the demo shop, and waits until all is classified."""
    job = stack.compose("run", "--rm", "demo", check=False)
    assert job.returncode == 0, f"{job.stdout[-3000:]}{job.stderr[-3000:]}{stack.log()}"
    return job.stdout


@pytest.fixture(scope="session")
def records(stack: Stack, demo: str) -> Iterator[Database]:
    """The records of the stack, as a program on the host sees them, with the crawled and classified products."""
    assert demo
    database = Database(stack.database_url)
    yield database
    database.close()
