"""The gate of model versions: a new one is activated only if it is no worse than the active one."""

import logging
from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import fmean

from db.image_store import ImageStore
from db.models import Split
from db.queries.labelled_images import LabelledImage
from db.session import Database
from db.states.version_states import active_version
from worker.classifying.loaded_versions import load_classifier
from worker.classifying.stored_pictures import classify_stored
from worker.cnn.errors import ArtefactError
from worker.cnn.serving.classifier import Classifier
from worker.training.examples import SplitImage
from worker.training.gate_rule import tells_no_worse

logger = logging.getLogger(__name__)


def is_no_worse(
    database: Database, store: ImageStore, candidate: Classifier, images: list[SplitImage]
) -> bool:
    """Compare a candidate with the active version on the test products and the categories that both know.

    Which of two is worse, worker/training/gate_rule.py says. Without an active version that can be loaded, or a
    product to compare on, the candidate is no worse.
    """
    with database.read() as session:
        active = active_version(session)
    if active is None:
        return True
    try:
        current = load_classifier(database, active.id)
    except ArtefactError as error:
        logger.warning("the active model version %d is replaced, as it cannot be used: %s", active.id, error)
        return True
    both = set(candidate.specification.categories) & set(current.specification.categories)
    test = [each.image for each in images if each.split is Split.TEST and each.image.category in both]
    new, old = products_told(database, store, candidate, test), products_told(database, store, current, test)
    return tells_no_worse(new, old)


def products_told(
    database: Database, store: ImageStore, classifier: Classifier, images: Sequence[LabelledImage]
) -> dict[int, bool]:
    """Tell by product whether its likeliest category, by the mean over its pictures, is its label.

    A product none of whose pictures can be decoded is left out.
    """
    classified = classify_stored(database, store, classifier, images)
    by_product: dict[int, list[Mapping[str, float]]] = defaultdict(list)
    for image in images:
        if image.image_id in classified:
            by_product[image.product_id].append(classified[image.image_id].probabilities)
    label_of = {image.product_id: image.category for image in images}
    return {product: _likeliest(rows) == label_of[product] for product, rows in by_product.items()}


def _likeliest(rows: Sequence[Mapping[str, float]]) -> str:
    mean = {category: fmean(row[category] for row in rows) for category in rows[0]}
    return max(mean, key=mean.__getitem__)
