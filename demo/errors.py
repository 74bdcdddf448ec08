"""The errors of the demo shop."""


class DemoError(Exception):
    """Base of every error that the demo shop raises on purpose.

    DemoError
    ├── PhotosError
    └── StepFailedError
    """


class PhotosError(DemoError):
    """Raised when a photo folder holds no picture of any category.

    Name a folder whose subfolders carry category names, such as PHOTOS/jeans/0001.jpg or
    PHOTOS/some-source/jeans/0001.jpg, or leave the folder out to have garments drawn.
    """


class StepFailedError(DemoError):
    """Raised when a step of the whole job did not do its work; the message names what to read."""
