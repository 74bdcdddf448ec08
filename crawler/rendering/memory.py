"""Scripts and style sheets that many pages share, so that a crawl asks for each of them once."""

from collections import OrderedDict
from http import HTTPStatus

from scrapy.http import Response


class ResponseMemory:
    """Keeps the latest answers by address, as many as fit.

    Args:
        max_bytes: what all bodies together may have.
    """

    def __init__(self, max_bytes: int = 32 * 1024 * 1024) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._responses: OrderedDict[str, Response] = OrderedDict()

    def get(self, url: str) -> Response | None:
        """Give the answer kept under this address; None where there is none."""
        response = self._responses.get(url)
        if response is not None:
            self._responses.move_to_end(url)
        return response

    def put(self, url: str, response: Response) -> None:
        """Keep an answer, unless it is an error or its host forbids to keep it; the oldest make room."""
        control = (response.headers.get("Cache-Control") or b"").lower()
        if response.status != HTTPStatus.OK or b"no-store" in control or url in self._responses:
            return
        self._responses[url] = response
        self._bytes += len(response.body)
        while self._bytes > self._max_bytes:
            _, oldest = self._responses.popitem(last=False)
            self._bytes -= len(oldest.body)
