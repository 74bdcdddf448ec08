"""Errors of the networks.

    CnnError
    ├── ConfigError
    ├── ExamplesError
    │   └── EmptyCategoryError
    ├── BackboneError
    ├── TrainingDivergedError
    └── ArtefactError
        ├── ArtefactDigestError
        └── ArtefactFormatError
"""


class CnnError(Exception):
    """Raised by nothing itself: catch it to catch every error of this package."""


class ConfigError(CnnError):
    """Raised when a training config or classifier specification has a value out of range; correct the value."""


class ExamplesError(CnnError):
    """Raised when the arrays of examples do not fit each other or the config; the caller built them wrongly."""


class EmptyCategoryError(ExamplesError):
    """Raised when a category has no picture in a split that needs one; crawl or import more of that category."""


class BackboneError(CnnError):
    """Raised when the packaged weights are not the expected file; install the locked version of the package again."""


class TrainingDivergedError(CnnError):
    """Raised when the loss is no longer a finite number; train again with a lower learning rate."""


class ArtefactError(CnnError):
    """Raised by nothing itself: catch it to treat every unusable artefact alike, by activating another version."""


class ArtefactDigestError(ArtefactError):
    """Raised when an artefact is not the one its model version recorded; restore it or activate another version."""


class ArtefactFormatError(ArtefactError):
    """Raised when an artefact cannot be read or does not fit its specification; activate another version."""
