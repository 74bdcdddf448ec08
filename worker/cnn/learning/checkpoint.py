"""The state of a fit after its last whole epoch, in files: what a killed process leaves to the next."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_STATE = "state.json"


@dataclass(frozen=True)
class Checkpoint:
    """A folder with the weights after the last epoch and after the best one, optimizer state included.

    One small file names the weights that count and is replaced at once, so that a process killed at any moment
    leaves the state of one epoch, whole.
    """

    folder: Path

    def save(self, model: Any, history: Sequence[Mapping[str, Any]], best: int) -> None:
        """Keep a compiled model as it is after the last epoch of the history; `best` is the best one's number."""
        self.folder.mkdir(parents=True, exist_ok=True)
        last = len(history)
        model.save_weights(self._weights(last), overwrite=True)
        part = self.folder / f"{_STATE}.part"
        part.write_text(json.dumps({"history": list(history), "best": best}))
        part.replace(self.folder / _STATE)
        for path in self.folder.glob("*.weights.h5"):
            if path not in {self._weights(last), self._weights(best)}:
                path.unlink()

    def restore(self, model: Any) -> list[Mapping[str, Any]]:
        """Bring a compiled model to the last kept state; give the history up to there, empty if there is none."""
        try:
            history = list(json.loads((self.folder / _STATE).read_text())["history"])
            model.optimizer.build(model.trainable_variables)
            model.load_weights(self._weights(len(history)))
        except (OSError, ValueError, KeyError):
            return []  # A disk that was full or a file that was damaged: the fit begins anew.
        return history

    def restore_best(self, model: Any, best: int) -> None:
        """Bring the model's weights to what they were after the best epoch."""
        model.load_weights(self._weights(best))

    def _weights(self, epoch: int) -> Path:
        return self.folder / f"{epoch}.weights.h5"
