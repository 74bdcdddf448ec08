"""Why a request came to nothing, in the reason codes of the records."""

from typing import Final

from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotSupported,
    ResponseDataLossError,
    UnsupportedURLSchemeError,
)
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.web.client import RequestNotSent, RequestTransmissionFailed  # type: ignore[attr-defined]

from crawler.errors import (
    ForbiddenAddressError,
    ForbiddenByRobotsError,
    HostBusyError,
    RobotsUnreachableError,
)
from db.pictures.codes import Reason

FETCH_ERRORS: Final = (
    IgnoreRequest, CannotResolveHostError, DownloadCancelledError, DownloadConnectionRefusedError,
    DownloadFailedError, DownloadTimeoutError, NotSupported, ResponseDataLossError, UnsupportedURLSchemeError,
    ConnectError, ConnectionClosed, RequestNotSent, RequestTransmissionFailed, OSError, ValueError,
)  # fmt: skip
"""What fetching raises for a host's or an address's fault; ValueError comes from host names that are none."""

_REASONS: Final[tuple[tuple[type[Exception], Reason], ...]] = (
    (ForbiddenAddressError, Reason.FORBIDDEN_ADDRESS),
    (ForbiddenByRobotsError, Reason.FORBIDDEN_BY_ROBOTS),
    (HostBusyError, Reason.HOST_BUSY),
    (RobotsUnreachableError, Reason.CONNECTION_FAILED),
    (DownloadCancelledError, Reason.TOO_MANY_BYTES),
    (IgnoreRequest, Reason.HTTP_ERROR),  # too many redirects
)


def reason_of(error: BaseException) -> Reason:
    """Give the reason code of what fetching raised."""
    if isinstance(error, IgnoreRequest) and "DOWNLOAD_MAXSIZE" in str(error):
        return Reason.TOO_MANY_BYTES  # a small body that unpacks to a large one
    return next((reason for kind, reason in _REASONS if isinstance(error, kind)), Reason.CONNECTION_FAILED)
