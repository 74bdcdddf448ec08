"""Peak memory of a process that classifies, by the engine that it classifies with.

    python -m benchmarks.classifier_memory [--images N | --photos DIR]

`python -m worker classify` labels the same pictures twice: with the flatbuffer of the model version, and with
the flatbuffer taken away, so that TensorFlow has to serve it.
"""

import os
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Annotated, Final

import psutil
import typer
from rich.console import Console
from rich.table import Table
from sqlalchemy import update

from benchmarks.queue_rate import draw, fill, forget, train
from db.models import Body
from db.session import Database, open_database
from db.settings import ROOT, settings
from worker.classifying.loaded_versions import require_version

_LOOK_SECONDS: Final = 0.05


def main(
    images: Annotated[int, typer.Option(help="Garments to draw.", min=60)] = 600,
    photos: Annotated[
        Path | None, typer.Option(help="Photos in folders named after categories, in place of drawings.")
    ] = None,
) -> None:
    """Classify with both engines, in records of the benchmark's own, and print a table."""
    table = Table("engine", "peak resident memory, MB", "seconds, with the start of the process")
    with tempfile.TemporaryDirectory(prefix="vastra-") as folder:
        os.environ |= {"VASTRA_FOLDER": folder, "DATABASE_URL": f"sqlite:///{folder}/vastra.sqlite3"}
        os.environ.pop("IMAGE_STORE", None)
        settings.cache_clear()
        database = open_database()
        fill(database, photos or draw(Path(folder, "drawings"), images))
        train(database)
        table.add_row("LiteRT", *classify())
        take_flatbuffer(database)
        table.add_row("TensorFlow", *classify())
        database.close()
    Console().print(table)


def classify() -> tuple[str, str]:
    """Classify all that is pending in a process of its own; its peak memory, and its seconds."""
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "worker", "classify"], cwd=ROOT)
    watched, peak = psutil.Process(process.pid), 0
    # Looked at while it runs: the system's own record of the peak begins with that of this process.
    while process.poll() is None:
        with suppress(psutil.Error):
            peak = max(peak, watched.memory_info().rss)
        time.sleep(_LOOK_SECONDS)
    assert process.returncode == 0, "the pictures were not classified"
    return f"{peak / 2**20:.0f}", f"{time.perf_counter() - started:.1f}"


def take_flatbuffer(database: Database) -> None:
    """Take the body's flatbuffer away, and what the active version has made of images."""
    with database.write() as session:
        session.execute(update(Body).values(flatbuffer=None, flatbuffer_sha256=None))
        active = require_version(session).id
    forget(database, active)


if __name__ == "__main__":
    typer.run(main)
