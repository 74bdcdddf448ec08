"""The codes of pictures: why one was refused, and what is poor about one that was not.

The words alone, which load no picture library. `db.pictures.quality_measures` says what each quality code means.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Why a picture was not stored, or a stored one cannot be classified."""

    # while fetching
    NOT_FOUND = "not_found"
    HTTP_ERROR = "http_error"
    HOST_BUSY = "host_busy"
    CONNECTION_FAILED = "connection_failed"
    FORBIDDEN_ADDRESS = "forbidden_address"
    FORBIDDEN_BY_ROBOTS = "forbidden_by_robots"
    UNREADABLE = "unreadable"
    # while checking
    EMPTY = "empty"
    TOO_MANY_BYTES = "too_many_bytes"
    TOO_MANY_PIXELS = "too_many_pixels"
    TOO_MANY_SCANS = "too_many_scans"
    TOO_SMALL = "too_small"
    UNSUPPORTED_FORMAT = "unsupported_format"
    SEVERAL_FRAMES = "several_frames"
    CORRUPT = "corrupt"
    # while classifying
    BYTES_MISSING = "bytes_missing"
    WORKER_DIED = "worker_died"


class QualityCode(StrEnum):
    """What is poor about a picture, so that its label is to be trusted less; it refuses nothing, as reasons do."""

    BLURRED = "blurred"
    DARK = "dark"
    TINY = "tiny"
    ODD_ASPECT = "odd_aspect"
