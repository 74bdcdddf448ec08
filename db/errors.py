"""Errors of the records.

RecordsError
├── CategoriesError           categories.toml cannot be used
├── DatabaseVersionError      the database is older or newer than this code
├── EmbeddingWidthError       an embedding is not as wide as its body's are
├── HeadError                 the head of a model version cannot be used
├── NoRedisError              the broker speaks another protocol
├── SettingsError             a variable of the environment cannot be used
├── UnreachableDatabaseError  no database answers at DATABASE_URL
├── ImageStoreError           stored bytes cannot be read or written
├── ImportFolderError         the folder to import does not say what its photos show
├── NothingToImportError      the folder to import holds no usable picture
├── ExportFolderError         the folder to export to is taken
├── NoLabelledImagesError     there is nothing to export
├── OutputFileError           a result cannot be written where it is wanted
├── NothingClassifiedError    there is no product to draw
├── UnknownPictureError       no stored picture has that SHA-256
├── UnknownProductError       no product has that marketplace and ASIN
├── NoEmbeddingError          there is nothing to compare a picture by
├── EmbeddingFailedError      the classifier's engine could not look at a picture
├── UnreadableFolderError     a folder of pictures cannot be listed
├── UnreadablePictureError    a file to compare by is no picture
├── NoReviewError             there is no verdict to take back
├── ReviewFileError           a file of verdicts cannot be used
├── UnknownCategoryError      a word that is no category
└── UnknownModelVersionError
"""


class RecordsError(Exception):
    """Base of all errors that this package raises on purpose."""


class CategoriesError(RecordsError):
    """categories.toml is missing or wrong; the message names the table to mend."""


class DatabaseVersionError(RecordsError):
    """The database's schema is not this code's; run `python -m db upgrade`, or update the code."""


class EmbeddingWidthError(RecordsError):
    """An embedding has another number of values than its body gives; was it made by another body?"""


class HeadError(RecordsError):
    """Bytes that are no head, or arrays that do not fit each other; the version cannot be used: train again."""


class NoRedisError(RecordsError):
    """The broker is no Redis or Valkey server, and can be asked for nothing but messages; set CELERY_BROKER_URL."""


class SettingsError(RecordsError):
    """A variable of the environment has a value that cannot be used; the message says which are allowed."""


class ExportFolderError(RecordsError):
    """The folder to export to holds other files; name an empty or a new one. Nothing was written."""


class ImageStoreError(RecordsError):
    """The image store cannot give or take bytes; check IMAGE_STORE and the storage behind it."""


class ImportFolderError(RecordsError):
    """Photos lie in folders that are no categories, or under unusable names. Nothing was imported."""


class NothingToImportError(RecordsError):
    """No file of the folder is a picture that passes the gate; the reasons are counted beside the message."""


class NoLabelledImagesError(RecordsError):
    """No product has both a label and a picture; crawl, import labelled photos, or review products."""


class OutputFileError(RecordsError):
    """A result cannot be written to the place that was named; name another. Nothing half-written stays there."""


class UnreachableDatabaseError(RecordsError):
    """No usable database answers at DATABASE_URL; start it, or correct the address."""


class NothingClassifiedError(RecordsError):
    """No product has a label yet; run `python -m worker run`, or train and classify by hand."""


class UnknownPictureError(RecordsError):
    """No stored picture has the given SHA-256; `python -m db products --format json` lists those that exist."""


class UnknownProductError(RecordsError):
    """No product has the given marketplace and ASIN; `python -m db products` lists those that exist."""


class NoEmbeddingError(RecordsError):
    """A picture cannot be compared with others, as no body has seen it; train, or have it classified."""


class EmbeddingFailedError(RecordsError):
    """`python -m worker embed` ended without an answer; the message has its last words. Is the worker installed?"""


class UnreadableFolderError(RecordsError):
    """A folder cannot be listed, for the reason in the message; give yourself permission, or leave it out."""


class UnreadablePictureError(RecordsError):
    """A file cannot be read as a picture, for the reason in the message; name another one."""


class NoReviewError(RecordsError):
    """No verdict stands on the product, so that none can be taken back; `python -m db reviews` lists them all."""


class ReviewFileError(RecordsError):
    """A file of verdicts has a wrong line; the message names it. Nothing was recorded."""


class UnknownCategoryError(RecordsError):
    """A word that is neither a category of categories.toml nor `other`."""


class UnknownModelVersionError(RecordsError):
    """No model version has the given number; `python -m worker models` lists those that exist."""
