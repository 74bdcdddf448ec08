"""A network as it is saved: the `.keras` file, and the flatbuffer that LiteRT classifies with."""

import hashlib
import logging
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from worker.cnn.arrays import Pictures
from worker.cnn.errors import ConversionError
from worker.cnn.serving.conversion import make_flatbuffer, signature_of
from worker.cnn.serving.inference import Engine, Outputs, Signature
from worker.cnn.serving.keras_engine import KerasEngine
from worker.cnn.serving.litert import LiteRTEngine

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class SavedNetwork:
    """A saved network.

    Attributes:
        signature: what it takes and gives.
        artefact: the `.keras` file's bytes, without optimizer state.
        flatbuffer: the same for LiteRT; None where it could not be converted.
    """

    signature: Signature
    artefact: bytes
    flatbuffer: bytes | None

    @property
    def sha256(self) -> str:
        """The digest of the artefact."""
        return hashlib.sha256(self.artefact).hexdigest()

    @property
    def flatbuffer_sha256(self) -> str | None:
        """The digest of the flatbuffer; None without one."""
        return None if self.flatbuffer is None else hashlib.sha256(self.flatbuffer).hexdigest()

    def engine(self) -> Engine:
        """Run it as it will be served."""
        if self.flatbuffer is not None:
            return LiteRTEngine(self.flatbuffer, self.signature)
        return KerasEngine(self.artefact, self.signature)


def save_network(model: Any, pictures: Pictures, outputs: Outputs) -> SavedNetwork:
    """Save a network; a converter's failure must not cost the training, as TensorFlow can serve it too.

    Args:
        model: as `worker.cnn.networks.architectures` describes it.
        pictures: on which the flatbuffer is compared with it, uint8 (n, height, width, 3).
        outputs: what the network gives for them.
    """
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        path = Path(folder, "network.keras")
        model.save(path)
        artefact = path.read_bytes()
    try:
        flatbuffer = make_flatbuffer(model, pictures, outputs)
    except ConversionError as error:
        logger.warning("the model version will be served by TensorFlow: %s", error)
        flatbuffer = None
    return SavedNetwork(signature_of(model, outputs), artefact, flatbuffer)
