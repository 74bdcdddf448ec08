"""The contract of embedding files: how the program with the classifier's engine is started, and what it answers.

The worker keeps it, and whoever has no engine of its own relies on it.
"""

import json
import sys
from array import array
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from db.pictures.codes import Reason

_INT8: Final = "b"


@dataclass(frozen=True)
class EmbeddedPicture:
    """What the active version's body makes of a file, or the reason why it could not be read.

    Attributes:
        body: the number of the body.
        embedding: int8 values as bytes; None where there is a reason.
    """

    path: str
    body: int
    embedding: bytes | None
    reason: Reason | None

    def line(self) -> str:
        """Write one line of JSON, the embedding as a list of whole numbers from -128 to 127."""
        values = None if self.embedding is None else array(_INT8, self.embedding).tolist()
        return json.dumps({"path": self.path, "body": self.body, "embedding": values, "reason": self.reason})

    @classmethod
    def read(cls, line: str) -> Self:
        """Read what `line` wrote."""
        found = json.loads(line)
        values, reason = found["embedding"], found["reason"]
        return cls(
            path=found["path"],
            body=found["body"],
            embedding=None if values is None else array(_INT8, values).tobytes(),
            reason=None if reason is None else Reason(reason),
        )


def embed_command(files: Sequence[Path]) -> list[str]:
    """Spell the command that embeds files in a process of its own, a line each, in their order."""
    return [sys.executable, "-m", "worker", "embed", "--", *map(str, files)]
