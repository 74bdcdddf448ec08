"""Reads what a browser sends of verdicts; a malformed one is told by itself, and keeps no other."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from starlette.exceptions import HTTPException
from starlette.requests import Request

from db.queries.review_order import Why
from db.repository.reviews import Verdict
from db.repository.sent_reviews import SentVerdict

MOST_VERDICTS: Final = 200
"""Of one request."""

LARGEST_BODY: Final = 256 * 1024
"""Bytes of one request."""

_LONGEST: Final[Mapping[str, int]] = {"marketplace": 100, "asin": 400, "category": 40, "reviewer": 100}
_LARGEST_PLACE: Final = 10_000


class MalformedVerdictError(ValueError):
    """A verdict lacks something, or has it in the wrong form; the message says what."""


@dataclass(frozen=True)
class Malformed:
    """What was sent in place of a verdict, and what is wrong with it."""

    given: Any
    error: str


async def read_verdicts(request: Request, records: str) -> list[SentVerdict | Malformed]:
    """Read the verdicts of a request, in their order.

    Args:
        request: its body is JSON.
        records: the name of those that are open here.

    Raises:
        HTTPException: 413, it is too large; 400, it is no object with a list of verdicts; 409, they were given on
            other records.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST_BODY:
            raise HTTPException(413, f"at most {LARGEST_BODY} bytes are taken at once: send fewer verdicts")
    try:
        told = json.loads(bytes(body))
        sent, meant = told["verdicts"], told.get("records", records)
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise HTTPException(400, 'send JSON such as {"verdicts": [...]}: see docs/api.md') from error
    if not isinstance(sent, list):
        raise HTTPException(400, f'"verdicts" is a list, got {type(sent).__name__}')
    if meant != records:
        raise HTTPException(409, f"these verdicts were given on other records; here are {records}")
    if len(sent) > MOST_VERDICTS:
        raise HTTPException(413, f"at most {MOST_VERDICTS} verdicts are taken at once, got {len(sent)}")
    return [_read(each) for each in sent]


def read_batch(text: object) -> str:
    """Give a batch as the records keep it.

    Raises:
        MalformedVerdictError: it is no UUID.
    """
    try:
        return str(UUID(text if isinstance(text, str) else ""))
    except ValueError as error:
        raise MalformedVerdictError(f"id is a UUID, got {text!r}") from error


def _read(given: Any) -> SentVerdict | Malformed:
    try:
        return _verdict(given)
    except MalformedVerdictError as error:
        return Malformed(given, str(error))


def _verdict(given: Any) -> SentVerdict:
    if not isinstance(given, dict):
        raise MalformedVerdictError(f"a verdict is an object, got {type(given).__name__}")
    place = given.get("place", 0)
    if type(place) is not int or not 0 <= place <= _LARGEST_PLACE:
        raise MalformedVerdictError(f"place is a whole number from 0 to {_LARGEST_PLACE}, got {place!r}")
    why = given.get("why") or None
    if why not in {None, *Why}:
        raise MalformedVerdictError(f"why is {', '.join(Why)}, or left out; got {why!r}")
    words = {name: _word(given, name, required=name != "reviewer") for name in _LONGEST}
    verdict = Verdict(
        words["marketplace"], words["asin"], words["category"], words["reviewer"].strip() or None, why
    )
    return SentVerdict(read_batch(given.get("id")), place, verdict, given.get("taken_back") is True)


def _word(given: dict[str, Any], name: str, *, required: bool) -> str:
    word = given.get(name) or ""
    # PostgreSQL keeps no NUL, and neither database a half of a surrogate pair.
    if not isinstance(word, str) or "\0" in word or (not word.isascii() and not _is_text(word)):
        raise MalformedVerdictError(f"{name} is text, got {word!r}")
    if len(word) > _LONGEST[name] or (required and not word):
        raise MalformedVerdictError(f"{name} has 1 to {_LONGEST[name]} characters, got {len(word)}")
    return word


def _is_text(word: str) -> bool:
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
