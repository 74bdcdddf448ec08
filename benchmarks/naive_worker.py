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
from db.image_store import ImageStore
from db.models import ModelVersion
from db.pictures.decoder import decode_picture
from db.repository.predictions import ClassifiedImage, record_predictions
from db.session import open_database
from worker.cnn.config import INPUT_SHAPES, NetworkName
from worker.cnn.figures.metrics import softmax
from worker.cnn.pictures.inputs import fit_picture

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
    model, version = load(version_id)
    with database.read() as session:
        data = STORE.read(session, [image_id])[image_id]
    picture = fit_picture(decode_picture(data), INPUT_SHAPES[NetworkName(version.network)])
    outputs = model.predict(picture[np.newaxis].astype(np.float32), verbose=0)
    probabilities = softmax(outputs["logits"], version.temperature)[0].tolist()
    of_category = dict(zip(version.categories, probabilities, strict=True))
    classified = ClassifiedImage(image_id, of_category, float(outputs["in_distribution"][0]))
    with database.write() as session:
        record_predictions(session, version_id, [classified], {})


@cache
def load(version_id: int) -> tuple[Any, ModelVersion]:
    """Load a model version's Keras network, once."""
    from worker.cnn.quiet_tensorflow import keras  # noqa: PLC0415 - the benchmark itself needs no TensorFlow

    with open_database().read() as session, tempfile.TemporaryDirectory() as folder:
        version = session.get_one(ModelVersion, version_id)
        path = Path(folder, "network.keras")
        path.write_bytes(version.artefact or b"")
        return keras.saving.load_model(path, compile=False, safe_mode=True), version
