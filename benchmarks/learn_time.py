"""How long `python -m worker learn` takes, from the command to the labels written.

    python -m benchmarks.learn_time [PICTURES ...]

SQLite records of a temporary folder: so many listed products of ten shops with a picture each, whose embeddings lie
about the centre of their category, and one in four products more that nobody has listed. A first learning run
assigns the splits; then sixteen verdicts are given, and the command is timed as a user meets it.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Annotated, Any, Final

import numpy as np
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, update

from db.categories import load_categories
from db.migration import upgrade
from db.models import Embedding, Image, Product, ProductImage, RunStatus, TrainingRun
from db.repository.bodies import record_body
from db.repository.model_versions import activate, record_model_version
from db.repository.reviews import Verdict, record_reviews
from db.repository.runs import plan_training_run
from db.rows import in_chunks
from db.session import Database
from worker.cnn.heads.head_fitting import fit_head
from worker.learning.gathering import join_examples
from worker.learning.relabel_loop import relabel_all
from worker.training.examples import split_images

WIDTH: Final = 256
VERDICTS: Final = 16
_NAMES: Final = tuple(category.name for category in load_categories())

console = Console(width=120)


def main(pictures: Annotated[list[int] | None, typer.Argument(help="Labelled pictures.")] = None) -> None:
    """Time the command on records of each size, and print a table."""
    table = Table(
        "labelled pictures",
        "products",
        "seconds",
        "CPU seconds",
        title=f"python -m worker learn, {VERDICTS} verdicts",
    )
    for number in pictures or [2000, 20_000]:
        with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
            url = f"sqlite:///{Path(folder) / 'vastra.sqlite3'}"
            products = prepare(url, number)
            table.add_row(f"{number:,}", f"{products:,}", *learn(url, folder))
    console.print(table)


def prepare(url: str, pictures: int) -> int:
    """Fill records, activate a version fitted to them, and give verdicts; the number of products."""
    database = Database(url)
    upgrade(database.engine)
    products = pictures * 5 // 4
    vectors = generate(database, products, pictures)
    body = {"network": "efficientnet_lite2", "views": "box-upper-1", "width": WIDTH, "sha256": "1" * 64}
    images = split_images(database, _NAMES)
    head = fit_head(join_examples(images, vectors, _NAMES), _NAMES).head
    with database.write() as session:
        body_id = record_body(session, body | {"artefact": b""})
        rows = [{"body_id": body_id, "image_id": i, "vector": vector} for i, vector in vectors.items()]
        session.execute(insert(Embedding), rows)
        run = plan_training_run(session, "efficientnet_lite2", {}, 0)
        columns = {
            "network": "efficientnet_lite2", "categories": list(_NAMES), "temperature": head.temperature,
            "threshold": head.threshold, "in_distribution_threshold": head.in_distribution_threshold,
            "metrics": {}, "sha256": "1" * 64, "body_id": body_id, "head": head.to_bytes(),
        }  # fmt: skip
        activate(session, record_model_version(session, run, columns))
        session.execute(update(TrainingRun).values(status=RunStatus.FINISHED))
    relabel_all(database)
    with database.write() as session:
        unlisted = range(products - VERDICTS, products)
        verdicts = [Verdict(f"shop{n % 10}", f"B{n}", _NAMES[n % len(_NAMES)]) for n in unlisted]
        record_reviews(session, verdicts, load_categories())
    database.close()
    return products


def generate(database: Database, products: int, listed: int) -> dict[int, bytes]:
    """Save products, the first of which are listed; what a body makes of their pictures, by image id."""
    random = np.random.default_rng(0)
    centres = random.normal(scale=6, size=(len(_NAMES), WIDTH))
    vectors = {}
    with database.write() as session:
        for numbers in in_chunks(range(products), 1000):
            rows: list[dict[str, Any]] = []
            for number in numbers:
                kind = number % len(_NAMES)
                values = centres[kind] + random.normal(scale=20, size=WIDTH)
                vectors[number + 1] = np.clip(np.round(values), -127, 127).astype(np.int8).tobytes()
                name = _NAMES[kind] if number < listed else None
                rows.append({"id": number + 1, "marketplace": f"shop{number % 10}", "asin": f"B{number}",
                             "listed_category": name})  # fmt: skip
            hashes = random.integers(0, 2**63, size=(len(rows), 4)).tolist()
            session.execute(insert(Product), rows)
            session.execute(
                insert(Image), [_image(row["id"], four) for row, four in zip(rows, hashes, strict=True)]
            )
            shown = [
                {"product_id": row["id"], "image_id": row["id"], "url": "", "position": 0} for row in rows
            ]
            session.execute(insert(ProductImage), shown)
    return vectors


def _image(image_id: int, four: list[int]) -> dict[str, Any]:
    text = "".join(f"{number:016x}" for number in four)
    return {
        "id": image_id, "sha256": text, "format": "JPEG", "width": 300, "height": 400, "byte_size": 1,
        "perceptual_hash": text[:16], "colour_signature": text[16:],
    }  # fmt: skip


def learn(url: str, folder: str) -> tuple[str, str]:
    """Run the command as a user does; its seconds, and those of the processor."""
    environment = os.environ | {"DATABASE_URL": url, "VASTRA_FOLDER": folder}
    started, before = time.perf_counter(), _processor_seconds()
    command = [sys.executable, "-m", "worker", "learn"]
    result = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    seconds = time.perf_counter() - started
    console.print(result.stderr.strip())
    return f"{seconds:.1f}", f"{_processor_seconds() - before:.1f}"


def _processor_seconds() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


if __name__ == "__main__":
    typer.run(main)
