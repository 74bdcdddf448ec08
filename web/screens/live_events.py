"""What changed, as a stream of events for the scripts of open pages."""

import json
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing
from typing import Final

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from db.queries.latest_changes import latest_changes
from db.session import Database
from web.fleet_view import see_fleet
from web.live import Pulse


async def events(request: Request) -> Response:
    """Send the topics that changed, as they do, as a JSON list; a comment where nothing did.

    The answer begins once the records were looked at: the page asks for what changed before, and nothing that changes
    between is missed.
    """
    news = _pulse(request).listen()
    await anext(news, None)
    return StreamingResponse(_stream(news), media_type="text/event-stream")


def _pulse(request: Request) -> Pulse:
    """Give the application's one pulse."""
    pulse: Pulse = request.app.state.pulse
    return pulse


def pulse_of(database: Database) -> Pulse:
    """Make a pulse that looks at the records and at the broker."""
    return Pulse(lambda: _look(database))


def _look(database: Database) -> Mapping[str, str]:
    with database.read() as session:
        changes = latest_changes(session)
    return changes | {"workers": see_fleet(database).fingerprint}


async def _stream(news: AsyncGenerator[frozenset[str]]) -> AsyncIterator[str]:
    async with aclosing(news):
        yield "retry: 1000\n\n"
        async for topics in news:
            yield f"data: {json.dumps(sorted(topics))}\n\n" if topics else ": nothing new\n\n"


ROUTES: Final = (Route("/events", events),)
