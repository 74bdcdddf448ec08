import json
from typing import Any

import pytest
from celery.exceptions import InvalidTaskError
from celery.utils.imports import symbol_by_name
from kombu.message import Message

from worker.app import app
from worker.task_requests import CheckedRequest
from worker.tasks import classify_images


def message(body: Any, **headers: Any) -> Message:
    told = {"id": "1", "task": classify_images.name} | headers
    return Message(
        body=json.dumps(body),
        headers=told,
        content_type="application/json",
        content_encoding="utf-8",
        properties={},
        accept={"application/json"},
    )


def request(received: Message) -> CheckedRequest:
    return CheckedRequest(received, app=app, task=classify_images)


@pytest.mark.parametrize("body", [[], {}, None, 7, "text", [1, 2], [[], {}, {}, {}]])
def test_a_message_whose_body_is_no_tasks_is_refused_and_ends_no_worker(body: Any) -> None:
    with pytest.raises(InvalidTaskError, match="no task's"):
        request(message(body))


def test_a_tasks_message_is_taken() -> None:
    assert request(message([[[1, 2]], {}, {}])).args == [[1, 2]]


def test_every_task_of_ours_looks_at_its_messages() -> None:
    ours = [task for name, task in app.tasks.items() if name.startswith("worker.")]
    assert len(ours) == 7
    assert {symbol_by_name(task.Request) for task in ours} == {CheckedRequest}
