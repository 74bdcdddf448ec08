"""Errors of the worker.

WorkerError
├── NoModelError           nothing was trained yet
├── NoBodyError            the active version has no body to learn with
├── NoEmbeddingsError      its body has seen no labelled picture
├── NothingToLearnError    nothing is new since the last run, or no two categories can be learnt
├── OvertakenError         another version was activated while one was learnt
├── NoSuspectsError        the active version keeps no suspects
├── NothingToTrainError    a category has too few labelled pictures
├── NoFilesError           the folder to predict holds no file
├── TrainingFailedError    a training run ended without a model version
├── BandsError             the prices at which to cut a crawl are no prices, or do not ascend
├── SlicesFailedError      a crawl's slices did not all come to their end
├── MetricsError           the metrics cannot be served
└── BrokerError            the queue cannot be started or reached
"""


class WorkerError(Exception):
    """Base of all errors that this package raises on purpose."""


class NoModelError(WorkerError):
    """There is no active model version; run `python -m worker train`."""


class NoBodyError(WorkerError):
    """The active model version was made before bodies, or by seed_cnn; train the default network."""


class NoEmbeddingsError(WorkerError):
    """No labelled picture has an embedding by the active version's body; run `python -m worker classify`."""


class NothingToLearnError(WorkerError):
    """No review, withdrawal or change of categories.toml is new since the last run that took them in."""


class OvertakenError(WorkerError):
    """Another model version was activated while one was learnt; learn again."""


class NoSuspectsError(WorkerError):
    """The active model version keeps no suspects; train the default network."""


class NothingToTrainError(WorkerError):
    """The records hold too few labelled pictures; crawl more products or import labelled photos."""


class NoFilesError(WorkerError):
    """The folder that `predict` was given holds no file; name the folder of the pictures."""


class TrainingFailedError(WorkerError):
    """A training run ended without a model version; its row in training_runs says why."""


class BandsError(WorkerError):
    """The prices at which to cut a crawl are not whole or do not ascend; the message has an example."""


class SlicesFailedError(WorkerError):
    """Slices of a crawl ended early, or all of them found nothing; their rows in crawl_runs say why."""


class MetricsError(WorkerError):
    """The address to serve metrics at cannot be listened at; choose another port."""


class BrokerError(WorkerError):
    """No broker answers or can be started; set CELERY_BROKER_URL, or install the locked requirements."""
