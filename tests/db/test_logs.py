import asyncio
import io
import json
import logging
import re
from collections.abc import Iterator
from typing import Any

import pytest

from db.logs import format_logs, identified, identify_process, identify_task, json_formatter, write_briefly
from tests.conftest import missing


@pytest.fixture
def lines(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """What a logger writes as JSON, in a process that is at nothing yet."""
    try:
        formatter = json_formatter()
    except ImportError as error:
        missing(f"no JSON logs: {error}")
    monkeypatch.setattr("db.logs._of_process", {})
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(formatter)
    logger = logging.getLogger("vastra.test")
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    identify_task()
    logger.removeHandler(handler)


def written(lines: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in lines.getvalue().splitlines()]


def test_a_record_of_any_library_becomes_one_object(lines: io.StringIO) -> None:
    extra = {"product": "amazon.in B000000001", "spider": object()}
    logging.getLogger("vastra.test").warning("saved %d of\n%s", 3, "नीला", extra=extra)
    [entry] = written(lines)
    assert entry.pop("time").endswith("Z")
    assert entry == {
        "event": "saved 3 of\nनीला", "level": "warning", "logger": "vastra.test", "product": "amazon.in B000000001",
    }  # fmt: skip


def test_a_line_names_what_happened_and_to_what_for_programs(lines: io.StringIO) -> None:
    identify_process(crawl_run=7)
    extra = {"action": "training_given_up", "training_run": 3}
    logging.getLogger("vastra.test").error("training run %d was given up", 3, extra=extra)
    [entry] = written(lines)
    assert (entry["event"], entry["action"]) == ("training run 3 was given up", "training_given_up")
    assert (entry["training_run"], entry["crawl_run"]) == (3, 7)


def test_a_traceback_stays_in_its_object(lines: io.StringIO) -> None:
    try:
        int("no number")
    except ValueError:
        logging.getLogger("vastra.test").exception("failed")
    [entry] = written(lines)
    assert "ValueError: invalid literal" in entry["exception"]


def test_lines_name_what_the_process_and_the_task_are_at(lines: io.StringIO) -> None:
    logger = logging.getLogger("vastra.test")
    identify_process(crawl_run=7)
    identify_task(task="classify_images")
    logger.info("one")
    identify_task()
    logger.info("two")
    assert [(entry["crawl_run"], entry.get("task")) for entry in written(lines)] == [
        (7, "classify_images"),
        (7, None),
    ]


def test_tasks_that_a_block_starts_name_their_own_product(lines: io.StringIO) -> None:
    async def fetch(name: str) -> None:
        await asyncio.sleep(0)
        logging.getLogger("vastra.test").info(name)

    async def fetch_all() -> None:
        tasks = []
        for name in ("one", "two"):
            with identified(product=name):
                tasks.append(asyncio.create_task(fetch(name)))
        await asyncio.gather(*tasks)
        logging.getLogger("vastra.test").info("done")

    asyncio.run(fetch_all())
    assert [(e["event"], e.get("product")) for e in written(lines)] == [
        ("one", "one"),
        ("two", "two"),
        ("done", None),
    ]


def test_logs_are_for_people_unless_json_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("VASTRA_LOG", raising=False)
    before = [handler.formatter for handler in logging.getLogger().handlers]
    format_logs()
    assert [handler.formatter for handler in logging.getLogger().handlers] == before


def test_brief_lines_tell_what_happened_and_what_is_wrong_and_nothing_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stream = io.StringIO()
    monkeypatch.setattr(logging.getLogger(), "handlers", [logging.StreamHandler(stream)])
    write_briefly()
    logger = logging.getLogger("vastra.test")
    logger.setLevel(logging.INFO)
    logger.info("Task received")
    logger.info("trained version %d", 1, extra={"action": "training_finished"})
    logger.info("classified 64 of the 64 images of a message", extra={"action": "images_classified"})
    logger.warning("the database is busy")
    told = [line.partition(" ") for line in stream.getvalue().splitlines()]
    assert [words for _, _, words in told] == ["trained version 1", "WARNING the database is busy"]
    assert all(re.fullmatch(r"\d\d:\d\d:\d\d", moment) for moment, _, _ in told)
