"""What the codes of pictures mean to a person, and what can be done about them."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from db.pictures.codes import QualityCode, Reason


@dataclass(frozen=True)
class ReasonWords:
    """A reason as a sentence.

    Attributes:
        meaning: what is the matter.
        remedy: what a person can do.
    """

    meaning: str
    remedy: str


_LATER: Final = "Crawl it again later: such answers often pass by themselves."
_NEVER: Final = "Nothing: it is no picture of a garment that could be classified."

REASONS: Final[Mapping[Reason, ReasonWords]] = {
    Reason.NOT_FOUND: ReasonWords("The shop has nothing at this address any more.", _LATER),
    Reason.HTTP_ERROR: ReasonWords("The shop answered with an error.", _LATER),
    Reason.HOST_BUSY: ReasonWords(
        "The host asked to be left alone for a while (status 429 or 503).",
        "Fetch it later: scrapy crawl amazon_clothing -a retry=host_busy.",
    ),
    Reason.CONNECTION_FAILED: ReasonWords("The shop could not be reached.", _LATER),
    Reason.FORBIDDEN_ADDRESS: ReasonWords(
        "The address leads to another host than the shop's picture hosts.",
        "If the shop really keeps its pictures there, allow the host in the crawler's settings.",
    ),
    Reason.FORBIDDEN_BY_ROBOTS: ReasonWords(
        "The shop's robots.txt forbids fetching it.", "Nothing: the crawler keeps to robots.txt."
    ),
    Reason.UNREADABLE: ReasonWords(
        "The answer, or the imported file, could not be read.", "Crawl or import it again."
    ),
    Reason.EMPTY: ReasonWords("There were no bytes.", _LATER),
    Reason.TOO_MANY_BYTES: ReasonWords("It is larger than 20 MiB.", "Import a smaller copy of it."),
    Reason.TOO_MANY_PIXELS: ReasonWords(
        "It has over 40 million pixels, or as WebP or AVIF over 12.", "Import a smaller copy of it."
    ),
    Reason.TOO_MANY_SCANS: ReasonWords(
        "It is a JPEG that is drawn over and over, to take long.", "Save it again as a usual JPEG, and import it."
    ),
    Reason.TOO_SMALL: ReasonWords("It is under 16 pixels wide or high: a spacer or a tracker.", _NEVER),
    Reason.UNSUPPORTED_FORMAT: ReasonWords(
        "It is neither JPEG, PNG, WebP nor AVIF.", "Convert it, and import it again."
    ),
    Reason.SEVERAL_FRAMES: ReasonWords("It is an animation.", _NEVER),
    Reason.CORRUPT: ReasonWords("Its bytes are damaged.", "Crawl or import it again; it may have been cut short."),
    Reason.BYTES_MISSING: ReasonWords(
        "The image store did not have its bytes.", "Bring the store back (IMAGE_STORE), then put it back."
    ),
    Reason.WORKER_DIED: ReasonWords(
        "Three workers died while they were at it.", "Put it back once, with free memory; then leave it."
    ),
}  # fmt: skip
"""By code; what the crawler refused is crawled again, what was set aside is put back."""

SHOWN: Final = frozenset({Reason.WORKER_DIED})
"""Reasons whose stored pictures can be decoded, so that they are shown; of others the bytes are the matter."""

QUALITIES: Final[Mapping[QualityCode, str]] = {
    QualityCode.BLURRED: "blurred",
    QualityCode.DARK: "dark",
    QualityCode.TINY: "small",
    QualityCode.ODD_ASPECT: "very narrow or wide",
}
