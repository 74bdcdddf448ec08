"""The worker that one would write first: one message, one `model.predict` and one transaction an image.

`benchmarks.queue_rate` starts it.
"""

import tempfile
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from celery import Celery

from db.broker import broker_url
from db.heads import Head
from db.image_store import ImageStore
from db.models import ModelVersion
from db.pictures.decoder import decode_picture
from db.repository.network_labels import read_head
from db.repository.predictions import ClassifiedImage, record_predictions
from db.session import open_database
from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.pictures.inputs import fit_picture
from worker.cnn.serving.inference import quantise

QUEUE = "naive"
STORE = ImageStore("db:")

app = Celery("naive")
app.conf.update(task_default_queue=QUEUE, task_acks_late=True, task_ignore_result=True)


@app.on_configure.connect
def find_broker(**_: Any) -> None:
    """Ask for the broker's address late: the benchmark starts the broker after it has imported this."""
    app.conf.update(broker_url=broker_url())


@app.task
def classify_image(version_id: int, image_id: int) -> None:
    """Classify one image with a model version's Keras network."""
    database = open_database()
    model, version, head = load(version_id)
    with database.read() as session:
        data = STORE.read(session, [image_id])[image_id]
    picture = fit_picture(decode_picture(data), INPUT_SHAPES[NetworkName(version.network)])
    embedding = quantise(model.predict(picture[np.newaxis].astype(np.float32), verbose=0))
    said = head.apply(embedding)
    of_category = dict(zip(version.categories, said.probabilities[0].tolist(), strict=True))
    classified = ClassifiedImage(image_id, of_category, float(said.in_distribution[0]), embedding.tobytes())
    with database.write() as session:
        record_predictions(session, version_id, [classified], {})


@cache
def load(version_id: int) -> tuple[Any, ModelVersion, Head]:
    """Load a model version's Keras network and its head, once."""
    from worker.cnn.quiet_tensorflow import keras  # noqa: PLC0415 - the benchmark itself needs no TensorFlow

    with open_database().read() as session, tempfile.TemporaryDirectory() as folder:
        version = session.get_one(ModelVersion, version_id)
        path = Path(folder, "network.keras")
        assert version.body is not None, "the benchmark trains a network with a body"
        path.write_bytes(version.body.artefact)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
        return model, version, read_head(session, version)
