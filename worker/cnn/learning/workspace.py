"""Where a training run leaves what outlasts its process."""

import hashlib
import json
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from worker.cnn.config import TrainingConfig
from worker.cnn.learning.checkpoint import Checkpoint
from worker.cnn.pictures.dataset import Examples

_KEPT_SECONDS: Final = 7 * 24 * 3600


@dataclass(frozen=True)
class Workspace:
    """A folder that training runs share; each run has a name of its own in it.

    Attributes:
        folder: of all runs.
        run: the same for the same settings and the same examples, so that a run that is sent again after its
            worker was killed finds what that worker left.
    """

    folder: Path
    run: str

    @property
    def logs(self) -> Path:
        """The folder of the run's event files, for TensorBoard."""
        return self.folder / "logs" / self.run

    def checkpoint(self, stage: str) -> Checkpoint:
        """Name the state of one of the run's fits."""
        return Checkpoint(self.folder / "checkpoints" / self.run / stage)

    def tidy(self) -> None:
        """Remove the run's checkpoints, now that it is over, and those of runs that nobody went on with."""
        for folder in (self.folder / "checkpoints").glob("*"):
            if folder.name == self.run or time.time() - folder.stat().st_mtime > _KEPT_SECONDS:
                shutil.rmtree(folder, ignore_errors=True)


def open_workspace(folder: Path, config: TrainingConfig, examples: Examples) -> Workspace:
    """Give a training run its place in the folder, named by its network, its settings and its examples."""
    digest = hashlib.sha256(json.dumps(config.as_dict(), sort_keys=True).encode())
    for array in (examples.keys, examples.labels.astype(str), examples.splits):
        digest.update("\n".join(array.tolist()).encode())
    return Workspace(folder, f"{config.network}-{digest.hexdigest()[:12]}")
