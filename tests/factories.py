"""Records for tests, each in one line: pictures, products, model versions, predictions."""

import hashlib
import io
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from sqlalchemy import select
from sqlalchemy.orm import Session

from db.categories import Category
from db.heads import Head
from db.image_store import ImageStore
from db.models import Body, Embedding, ModelVersion, Prediction, Product
from db.models import Image as StoredImage
from db.pictures.codes import Reason
from db.pictures.decoder import check_picture
from db.repository.bodies import record_body
from db.repository.found_products import FoundPicture, FoundProduct, Listing, save_products
from db.repository.labels import Label
from db.repository.model_versions import activate, record_model_version
from db.repository.network_labels import read_head
from db.repository.predictions import ClassifiedImage, record_predictions
from db.repository.runs import finish_training_run, plan_training_run
from db.session import Database

CATEGORIES = tuple(Category(name, name.title(), (name,)) for name in ("saree", "jeans", "trousers"))
STORE = ImageStore("db:")
SHOP = "amazon.in"


def drawing(seed: int = 0, size: tuple[int, int] = (48, 64)) -> Image.Image:
    """An RGB picture of soft blotches; each seed gives another one, to the eye and to a perceptual hash."""
    blotches = np.random.default_rng(seed).integers(0, 256, (6, 5, 3), dtype=np.uint8)
    return Image.fromarray(blotches).resize(size, Image.Resampling.BICUBIC)


def picture_bytes(
    seed: int = 0, image_format: str = "JPEG", size: tuple[int, int] = (48, 64), **save: Any
) -> bytes:
    """The bytes of a drawing; `save` goes to Pillow, such as quality or exif."""
    return encoded(drawing(seed, size), image_format, **save)


def encoded(image: Image.Image, image_format: str, **save: Any) -> bytes:
    stream = io.BytesIO()
    image.save(stream, image_format, **save)
    return stream.getvalue()


def picture(seed: int = 0, position: int = 0, url: str | None = None) -> FoundPicture:
    """A picture that passed the gate; the same seed is the same image."""
    data = picture_bytes(seed)
    return FoundPicture(url or f"https://shop.test/{seed}.jpg", position, check_picture(data), data)


def refused(reason: Reason = Reason.NOT_FOUND, url: str = "https://shop.test/gone.jpg") -> FoundPicture:
    """An address that gave no picture."""
    return FoundPicture(url, 0, reason=reason)


def product(
    asin: str = "B000000001",
    *pictures: FoundPicture | int,
    found_in: str | None = "saree",
    marketplace: str = SHOP,
    **listing: Any,
) -> FoundProduct:
    """A product as the crawler finds it; an int among the pictures is the seed of one."""
    values: dict[str, Any] = {
        "title": f"Title of {asin}",
        "price": Decimal("499.00"),
        "currency": "INR",
    } | listing
    shown = tuple(picture(p, position=n) if isinstance(p, int) else p for n, p in enumerate(pictures))
    return FoundProduct(marketplace, asin, Listing(found_in=found_in, **values), shown)


def save(database: Database, *products: FoundProduct) -> list[int]:
    """Save products in one transaction; the ids of their images, sorted."""
    with database.write() as session:
        save_products(session, products, STORE)
        sha256s = {shown.picture.sha256 for each in products for shown in each.pictures if shown.picture}
        ids = select(StoredImage.id).where(StoredImage.sha256.in_(sha256s)).order_by(StoredImage.id)
        return list(session.scalars(ids))


def model_version(database: Database, *, active: bool = True, **values: Any) -> int:
    """Record a model version that claims a label from a confidence of 0.6 on."""
    columns: dict[str, Any] = {
        "network": "seed_cnn",
        "categories": [category.name for category in CATEGORIES],
        "temperature": 1.0,
        "threshold": 0.6,
        "in_distribution_threshold": 0.0,
        "metrics": {},
        "sha256": "0" * 64,
        "artefact": b"weights",
    }
    with database.write() as session:
        run = plan_training_run(session, "seed_cnn", {}, seed=0)
        version = record_model_version(session, run, columns | values)
        if active:
            activate(session, version)
    return version


def head(width: int = 8, **values: Any) -> Head:
    """A head of random arrays, always the same; `values` are other fields."""
    random = np.random.default_rng(0)

    def array(*shape: int) -> NDArray[np.float32]:
        return random.normal(scale=0.02, size=shape).astype(np.float32)

    classes = len(CATEGORIES)
    fields_of_head: dict[str, Any] = {
        "categories": tuple(category.name for category in CATEGORIES),
        "kernel": array(width, classes),
        "bias": array(classes),
        "temperature": 1.5,
        "threshold": 0.6,
        "in_distribution_threshold": -1e9,
        "projection": array(width, classes),
        "projection_bias": array(classes),
        "offsets": array(classes),
        "spread": array(classes, classes),
        "lead_kernel": array(width, classes),
        "lead_bias": array(classes),
    }
    return Head(**fields_of_head | values)


def body(database: Database, number: int = 1, width: int = 8) -> int:
    """Record a body; the same number is the same body."""
    values = {"network": "efficientnet_lite2", "views": "box-upper-1", "width": width, "artefact": b"body"}
    with database.write() as session:
        return record_body(session, values | {"sha256": f"{number:064}"})


def version_with_body(database: Database, body_id: int, *, active: bool = True, **of_head: Any) -> int:
    """Record a model version that has a body, with a head that `telling` embeddings speak to."""
    made = telling_head(**of_head)
    return model_version(
        database,
        active=active,
        body_id=body_id,
        artefact=None,
        head=made.to_bytes(),
        categories=list(made.categories),
        temperature=made.temperature,
        threshold=made.threshold,
        in_distribution_threshold=made.in_distribution_threshold,
    )


def telling_head(**values: Any) -> Head:
    """A head that takes the first values of an embedding for the logits, and the last for the score, in tenths."""
    names = values.get("categories", tuple(category.name for category in CATEGORIES))
    classes = len(names)
    kernel = np.zeros((8, classes), dtype=np.float32)
    kernel[:classes] = np.eye(classes) / 10
    projection = np.zeros((8, classes), dtype=np.float32)
    projection[-1] = 0.05
    nothing = np.zeros(classes, dtype=np.float32)
    arrays: dict[str, Any] = {"kernel": kernel, "projection": projection, "bias": nothing}
    arrays |= {
        "projection_bias": nothing,
        "offsets": nothing,
        "spread": np.zeros((classes, classes), np.float32),
        "lead_kernel": np.zeros((8, classes), np.float32),
        "lead_bias": np.full(classes, 1e30, np.float32),
    }
    return head(**{"categories": names, "temperature": 1.0} | arrays | values)


def telling(*tenths: int, in_distribution: int = 10) -> bytes:
    """An embedding of these logits, and of this score, all in tenths, for `telling_head`."""
    values = np.zeros(8, dtype=np.int8)
    values[: len(tenths)] = tenths
    values[-1] = in_distribution
    return values.tobytes()


def embed(
    database: Database,
    version: int,
    vectors: Mapping[int, bytes],
    failures: Mapping[int, Reason] | None = None,
) -> None:
    """Record what a version with a body says of images, by image id, as a worker does."""
    with database.write() as session:
        one = read_head(session, session.get_one(ModelVersion, version))
        classified = []
        for image_id, vector in vectors.items():
            said = one.apply(np.frombuffer(vector, dtype=np.int8).reshape(1, -1))
            shares = dict(zip(one.categories, said.probabilities[0].tolist(), strict=True))
            classified.append(ClassifiedImage(image_id, shares, float(said.in_distribution[0]), vector))
        record_predictions(session, version, classified, failures or {})


def copy_version(database: Database) -> int:
    """Record the active model version a second time, with an artefact of its own, not active."""
    names = ("network", "categories", "temperature", "threshold", "in_distribution_threshold", "metrics",
             "sha256", "artefact", "flatbuffer_sha256", "flatbuffer", "head")  # fmt: skip
    with database.write() as session:
        active = session.scalars(select(ModelVersion).where(ModelVersion.active)).one()
        run = plan_training_run(session, active.network, {}, seed=0)
        finish_training_run(session, run)
        columns = {name: getattr(active, name) for name in names}
        if active.body is not None:
            columns |= _copy_body(session, active.body)
        return record_model_version(session, run, columns)


def _copy_body(session: Session, original: Body) -> dict[str, Any]:
    """Record a body that gives the same embeddings, and whose file is a byte longer; a version's columns of it."""
    names = ("network", "views", "width", "flatbuffer_sha256", "flatbuffer")
    artefact = original.artefact + b"\0"
    sha256 = hashlib.sha256(artefact).hexdigest()
    same = {name: getattr(original, name) for name in names}
    body_id = record_body(session, same | {"sha256": sha256, "artefact": artefact})
    return {"body_id": body_id, "sha256": sha256}


def activate_another(database: Database) -> int:
    """Activate a version that is not active, without what it has made of pictures: all is pending again."""
    with database.write() as session:
        version = session.scalars(select(ModelVersion).where(~ModelVersion.active)).first()
        assert version is not None
        session.query(Prediction).where(Prediction.model_version_id == version.id).delete()
        session.query(Embedding).where(Embedding.body_id == version.body_id).delete()
        activate(session, version.id)
    return version.id


def likely(category: str, confidence: float = 0.9) -> dict[str, float]:
    """Probabilities that favour one category."""
    rest = (1 - confidence) / (len(CATEGORIES) - 1)
    return {c.name: confidence if c.name == category else rest for c in CATEGORIES}


def predict(
    database: Database,
    version: int,
    probabilities: Mapping[int, Mapping[str, float]],
    *,
    in_distribution: float = 1.0,
    failures: Mapping[int, Reason] | None = None,
) -> None:
    """Record what a version says of images, by image id."""
    classified = [ClassifiedImage(i, dict(p), in_distribution) for i, p in probabilities.items()]
    with database.write() as session:
        record_predictions(session, version, classified, failures or {})


def get_product(database: Database, asin: str = "B000000001") -> Product:
    """The product as it is in the database now."""
    with database.read() as session:
        return session.scalars(select(Product).where(Product.asin == asin)).one()


def label(database: Database, asin: str = "B000000001") -> Label:
    """The label columns of a product."""
    row = get_product(database, asin)
    return Label(*(getattr(row, name) for name in Label._fields))
