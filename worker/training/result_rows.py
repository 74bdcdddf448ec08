"""What a training's result is in the records: version, body, predictions of the examples, suspects."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from db.repository.bodies import record_body
from db.repository.predictions import ClassifiedImage
from db.repository.suspected_products import SuspectedProduct
from worker.cnn.train import TrainingResult
from worker.training.outcomes import suspected_products


def version_columns(result: TrainingResult) -> dict[str, Any]:
    """Give the columns of the model version, of which a body keeps some in its stead."""
    values = result.specification.as_dict()
    values.pop("views")
    return values | {
        "metrics": dict(result.metrics),
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }


def record_its_body(session: Session, result: TrainingResult) -> dict[str, Any]:
    """Keep the body, if there is one; give the columns in which a version with a body differs."""
    if result.embedded is None:
        return {}
    body = {
        "network": result.specification.network,
        "views": result.specification.views,
        "width": result.embedded.embeddings.shape[1],
        "sha256": result.specification.sha256,
        "flatbuffer_sha256": result.specification.flatbuffer_sha256,
        "artefact": result.artefact,
        "flatbuffer": result.flatbuffer,
    }
    head = result.embedded.head.head.to_bytes()
    return {"body_id": record_body(session, body), "head": head, "artefact": None, "flatbuffer": None}


def classified_examples(result: TrainingResult, image_ids: Sequence[int]) -> list[ClassifiedImage]:
    """Say what a network with a body has made of its examples, so that nobody need look at them again.

    Args:
        result: of the training.
        image_ids: of the examples, in their order.
    """
    if result.embedded is None:
        return []
    embeddings, head = result.embedded.embeddings, result.embedded.head.head
    said = head.apply(embeddings)
    return [
        ClassifiedImage(image_id, dict(zip(head.categories, row, strict=True)), score, vector.tobytes())
        for image_id, row, score, vector in zip(
            image_ids, said.probabilities.tolist(), said.in_distribution.tolist(), embeddings, strict=True
        )
    ]


def run_metrics(result: TrainingResult) -> dict[str, Any]:
    """Give the figures of the run: the version's, which products were left out, and the head's strength."""
    if result.embedded is None:
        return dict(result.metrics) | {"left_out": []}
    head = result.embedded.head
    left_out = sorted(map(int, head.left_out))
    return dict(result.metrics) | {"left_out": left_out, "weight_decay": head.weight_decay}


def suspects_of(result: TrainingResult) -> list[SuspectedProduct]:
    """Give the products whose label is probably wrong; only a head knows them."""
    if result.embedded is None:
        return []
    return suspected_products(result.embedded.head.suspicions, result.specification.categories)
