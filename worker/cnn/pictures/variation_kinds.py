"""The ways in which pictures are varied, by name alone: figures speak of them and vary nothing."""

from enum import StrEnum


class Variation(StrEnum):
    """A way in which two pictures of one garment differ."""

    VIEWPOINT = "viewpoint"
    SCALE = "scale"
    DEFORMATION = "deformation"
    OCCLUSION = "occlusion"
    ILLUMINATION = "illumination"
    BACKGROUND_CLUTTER = "background_clutter"
    JPEG_QUALITY = "jpeg_quality"
    DOWNSCALING = "downscaling"
