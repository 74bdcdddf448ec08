"""What classifies by a model version, wherever it was read from."""

from dataclasses import dataclass

from db.heads import Head
from worker.cnn.serving.classifier import Classifier
from worker.cnn.serving.specification import ClassifierSpecification


@dataclass(frozen=True)
class ServedVersion:
    """A model version's network and all that turns its output into a label.

    Attributes:
        specification: its facts; the digests tell what the network is.
        head: None for a version without a body.
        network: the bytes of the flatbuffer; of the `.keras` file where there is none.
    """

    specification: ClassifierSpecification
    head: Head | None
    network: bytes

    def classifier(self) -> Classifier:
        """Load the network; one without a flatbuffer takes TensorFlow, which takes seconds to load.

        Raises:
            ArtefactError: it is not the network that the specification was made for, or cannot be read.
        """
        return Classifier.load(self.network, self.specification, self.head)
