"""Errors of the records.

RecordsError
├── CategoriesError        categories.toml cannot be used
├── DatabaseVersionError   the database is older or newer than this code
├── ImageStoreError        stored bytes cannot be read or written
├── UnknownProductError    no product has that marketplace and ASIN
├── UnknownCategoryError   a word that is no category
└── UnknownModelVersionError
"""


class RecordsError(Exception):
    """Base of all errors that this package raises on purpose."""


class CategoriesError(RecordsError):
    """categories.toml is missing or wrong; the message names the table to mend."""


class DatabaseVersionError(RecordsError):
    """The database's schema is not this code's; run `python -m db upgrade`, or update the code."""


class ImageStoreError(RecordsError):
    """The image store cannot give or take bytes; check IMAGE_STORE and the storage behind it."""


class UnknownProductError(RecordsError):
    """No product has the given marketplace and ASIN; `python -m db products` lists those that exist."""


class UnknownCategoryError(RecordsError):
    """A word that is neither a category of categories.toml nor `other`."""


class UnknownModelVersionError(RecordsError):
    """No model version has the given number; `python -m worker models` lists those that exist."""
