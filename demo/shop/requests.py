"""What visitors asked the shop for, counted."""

import threading
from collections import Counter
from enum import StrEnum
from urllib.parse import urlsplit


class RequestKind(StrEnum):
    """The kinds of address that the shop has."""

    ROBOTS = "robots"
    SEARCH = "search"
    PRODUCT = "product"
    IMAGE = "image"
    CONTENT = "content"
    OTHER = "other"


def kind_of(address: str) -> RequestKind:
    """Give the kind of an address such as `/s?k=saree&page=2`."""
    path = urlsplit(address).path
    if path == "/robots.txt":
        return RequestKind.ROBOTS
    if path.startswith("/content/"):
        return RequestKind.CONTENT
    if path == "/s":
        return RequestKind.SEARCH
    if path.startswith("/images/I/"):
        return RequestKind.IMAGE
    if "/dp/" in path:
        return RequestKind.PRODUCT
    return RequestKind.OTHER


class RequestCounts:
    """Counts requests by address. Safe across threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._by_address: Counter[str] = Counter()

    def add(self, address: str) -> None:
        """Count one request."""
        with self._lock:
            self._by_address[address] += 1

    def by_address(self) -> Counter[str]:
        """Give how often each address was asked for, so far."""
        with self._lock:
            return self._by_address.copy()

    def by_kind(self) -> Counter[RequestKind]:
        """Give how many requests of each kind there were, so far."""
        kinds: Counter[RequestKind] = Counter()
        for address, times in self.by_address().items():
            kinds[kind_of(address)] += times
        return kinds
