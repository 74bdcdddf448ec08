"""Image-quality codes: what is poor about a picture, so that its label is to be trusted less.

A code refuses nothing; reasons do that. `db.pictures.quality_measures` says what each one means.
"""

from enum import StrEnum


class QualityCode(StrEnum):
    """What is poor about a picture."""

    BLURRED = "blurred"
    DARK = "dark"
    TINY = "tiny"
    ODD_ASPECT = "odd_aspect"
