"""Errors of the networks.

CnnError
├── ConfigError
├── ExamplesError
│   └── EmptyCategoryError
├── BackboneError
├── TrainingDivergedError
├── ConversionError
└── ArtefactError
    ├── ArtefactDigestError
    └── ArtefactFormatError
"""


class CnnError(Exception):
    """Raised by nothing itself: catch it to catch every error of this package."""


class ConfigError(CnnError):
    """Raised when a config or a specification has a value out of range; correct the value."""


class ExamplesError(CnnError):
    """Raised when arrays of examples do not fit each other or the config; build them anew."""


class EmptyCategoryError(ExamplesError):
    """Raised when a category lacks pictures in a split that needs them; crawl or import more of it."""


class BackboneError(CnnError):
    """Raised when the packaged weights are not the expected file; install the locked package again."""


class TrainingDivergedError(CnnError):
    """Raised when the loss is no longer a finite number; train again with a lower learning rate."""


class ConversionError(CnnError):
    """Raised when a network gives no flatbuffer that says the same; its version is served by TensorFlow."""


class ArtefactError(CnnError):
    """Raised by nothing itself: catch it for every unusable artefact; activate another version."""


class ArtefactDigestError(ArtefactError):
    """Raised when an artefact's SHA-256 is not the recorded one; restore it or activate another version."""


class ArtefactFormatError(ArtefactError):
    """Raised when an artefact cannot be read or does not fit its specification; activate another version."""
