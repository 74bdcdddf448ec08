import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec

import pytest

from db.pictures.codes import Reason
from db.session import Database
from tests.conftest import ROOT, migrate, missing
from tests.factories import likely, model_version, predict, product, save
from tests.processes import PATIENCE_SECONDS


@pytest.fixture
def environment(environment: dict[str, str], broker: str) -> dict[str, str]:
    """Records with one pending image and one that is set aside, and a broker."""
    if find_spec("prometheus_client") is None:
        missing("no metrics without prometheus-client: install the locked requirements")
    migrate(environment["DATABASE_URL"])
    database = Database(environment["DATABASE_URL"])
    version = model_version(database)
    done, corrupt, _ = save(database, product("B000000001", 1, 2, 3))
    predict(database, version, {done: likely("jeans")}, failures={corrupt: Reason.CORRUPT})
    database.close()
    return environment | {"CELERY_BROKER_URL": broker}


@contextmanager
def serving(environment: dict[str, str]) -> Iterator[str]:
    """Serve on a free port beside the block; give the address. It ends well when it is told to."""
    with subprocess.Popen(
        [sys.executable, "-m", "worker", "metrics", "--port", "0"],
        cwd=ROOT, env=environment, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        assert process.stderr is not None
        words = next(line for line in process.stderr if "Metrics:" in line)
        yield words.split()[1].rstrip(",")
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE_SECONDS) == 0


def scrape(address: str) -> dict[str, float]:
    """The samples of one scrape, by name with labels."""
    with urllib.request.urlopen(address) as answer:
        lines = [line for line in answer.read().decode().splitlines() if not line.startswith("#")]
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_one_endpoint_tells_of_records_queues_and_runs(environment: dict[str, str]) -> None:
    with serving(environment) as address:
        found = scrape(address)
    assert found['vastra_up{part="database"}'] == found['vastra_up{part="broker"}'] == 1
    assert (found["vastra_products"], found["vastra_images"], found["vastra_images_pending"]) == (1, 3, 1)
    assert found['vastra_images_set_aside{reason="corrupt"}'] == 1
    assert found['vastra_predictions{model_version="1"}'] == 1
    assert found['vastra_queue_messages{queue="classify"}'] == 0
    assert found['vastra_products_labelled{category="jeans"}'] + found["vastra_products_unclassified"] == 1


def test_a_broker_that_does_not_answer_is_down_and_the_records_are_told_of(
    environment: dict[str, str],
) -> None:
    with serving(environment | {"CELERY_BROKER_URL": "redis://127.0.0.1:1/0"}) as address:
        found = scrape(address)
    assert (found['vastra_up{part="database"}'], found['vastra_up{part="broker"}']) == (1, 0)
    assert found["vastra_products"] == 1


def test_a_port_that_is_taken_is_one_line_and_exit_code_1(environment: dict[str, str]) -> None:
    with serving(environment) as address:
        port = address.split(":")[2].partition("/")[0]
        second = subprocess.run(
            [sys.executable, "-m", "worker", "metrics", "--port", port],
            cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
    assert second.returncode == 1
    assert f"got 127.0.0.1:{port}" in second.stderr
