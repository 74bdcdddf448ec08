"""Images a second of the engines that can run one trained network, and whether they agree on the labels.

    python -m benchmarks.engines [--images N | --photos DIR] [--network NAME] [--rounds N] [--no-xla]

Every engine gets the same weights and the same prepared pictures, in batches of 32, on as many threads as there
are processors. Decoding is left out. Rounds alternate over the engines, so that a busy machine slows all; they run
over the first 192 pictures, and all pictures are compared. The network is the default one where no other is named.
LiteRT runs with XNNPACK and, where no other size is named, with as many pictures at a time as Vastra gives it; int8
is quantised after training, with the pictures as the representative ones. Of a network with a body the embeddings
are compared, and the labels that its head gives them.
ONNX Runtime and OpenVINO are measured where they are installed; the project does not need them.
"""

import statistics
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer
from numpy.typing import NDArray
from PIL import Image
from rich.console import Console
from rich.table import Table

from db.categories import load_categories
from db.heads import Head
from db.pictures.decoder import decode_picture
from demo.drawing.garments import draw_garment
from worker.cnn.config import DEFAULT_NETWORK, INPUT_SHAPES, InputShape, NetworkName, TrainingConfig
from worker.cnn.pictures.dataset import TRAIN, VALIDATION, Examples
from worker.cnn.pictures.inputs import fit_picture
from worker.cnn.quiet_tensorflow import keras, tf
from worker.cnn.serving.inference import EMBEDDING, LOGITS, Signature, quantise
from worker.cnn.serving.litert import LiteRTEngine
from worker.cnn.train import train_and_evaluate

Pictures = NDArray[np.uint8]
Engine = Callable[[Pictures], NDArray[np.float32]]
"""Takes uint8 (32, height, width, 3), gives embeddings (32, width), or logits (32, classes) without a body."""

BATCH = 32
TIMED = 192


def main(
    images: Annotated[int, typer.Option(help="Garments to draw.", min=96)] = 192,
    photos: Annotated[Path | None, typer.Option(help="Photos in folders named after categories.")] = None,
    network: Annotated[NetworkName, typer.Option(help="Which network to train and run.")] = DEFAULT_NETWORK,
    rounds: Annotated[int, typer.Option(help="Of each engine.", min=1)] = 5,
    xla: Annotated[bool, typer.Option(help="Also what XLA compiles, which is slow.")] = True,
) -> None:
    """Train the network for a moment, run it on every engine in turns, and print a table."""
    shape = INPUT_SHAPES[network]
    pictures, labels = read(photos, shape) if photos else draw(images, shape)
    whole = len(pictures) // BATCH * BATCH
    timed = min(whole, TIMED)
    trained = train(network, pictures, labels)
    engines = dict(make_engines(trained, pictures, xla=xla))
    seconds: dict[str, list[float]] = {name: [] for name in engines}
    outputs = {name: run(engine, pictures[:whole]) for name, engine in engines.items()}  # and warm up
    for _ in range(rounds):
        for name, engine in engines.items():
            started = time.perf_counter()
            run(engine, pictures[:timed])
            seconds[name].append(time.perf_counter() - started)
    told = {name: trained.tell(theirs) for name, theirs in outputs.items()}
    Console().print(as_table(seconds, outputs, told, timed))


@dataclass(frozen=True)
class Trained:
    """A trained Keras network, and its head where it is a body."""

    model: Any
    head: Head | None

    @property
    def output(self) -> str:
        """Name the output that is compared."""
        return LOGITS if self.head is None else EMBEDDING

    @property
    def signature(self) -> Signature:
        """Say what the network takes and gives."""
        _, *shape = self.model.input_shape
        height, width, channels = shape
        if self.head is None:
            return Signature.whole((height, width, channels), len(load_categories()))
        return Signature.body((height, width, channels), self.head.width)

    def tell(self, outputs: NDArray[np.float32]) -> NDArray[np.int64]:
        """Give the likeliest category (n,) of outputs (n, ...)."""
        if self.head is None:
            return np.asarray(outputs.argmax(axis=1))
        return np.asarray(self.head.apply(quantise({EMBEDDING: outputs})).probabilities.argmax(axis=1))


def run(engine: Engine, pictures: Pictures) -> NDArray[np.float32]:
    """Give the outputs for all pictures."""
    batches = (pictures[start : start + BATCH] for start in range(0, len(pictures), BATCH))
    return np.concatenate([engine(batch) for batch in batches])


def as_table(
    seconds: dict[str, list[float]],
    outputs: dict[str, NDArray[np.float32]],
    told: dict[str, NDArray[np.int64]],
    images: int,
) -> Table:
    """Show medians, slowest and fastest round, and agreement with Keras' direct call."""
    table = Table("engine", "images/s", "slowest-fastest", "same label", "largest difference of outputs")
    reference = outputs["direct call"]
    for name, times in sorted(seconds.items(), key=lambda item: statistics.median(item[1])):
        same = np.mean(told[name] == told["direct call"])
        table.add_row(
            name,
            f"{images / statistics.median(times):.1f}",
            f"{images / max(times):.1f}-{images / min(times):.1f}",
            f"{same:.2%}",
            f"{np.abs(outputs[name] - reference).max():.2g}",
        )
    return table


def make_engines(trained: Trained, pictures: Pictures, *, xla: bool) -> Iterator[tuple[str, Engine]]:
    """Build every engine that is installed."""
    model = trained.model

    def outputs(x: Any) -> Any:
        return model(tf.cast(x, tf.float32), training=False)

    def compared(x: Any) -> Any:
        return outputs(x)[trained.output]

    signature = [tf.TensorSpec((BATCH, *model.input_shape[1:]), tf.uint8)]
    any_batch = [tf.TensorSpec((None, *model.input_shape[1:]), tf.uint8)]
    graph = tf.function(compared, signature)
    yield "model.predict", lambda x: model.predict(x.astype(np.float32), BATCH, verbose=0)[trained.output]
    yield "direct call", lambda x: np.asarray(compared(x))
    yield "tf.function", lambda x: np.asarray(graph(x))
    if xla:
        compiled = tf.function(compared, signature, jit_compile=True)
        yield "tf.function, XLA", lambda x: np.asarray(compiled(x))
    yield from lite_engines(trained, tf.function(outputs, any_batch), pictures)
    yield from onnx_engines(graph, signature)


def lite_engines(trained: Trained, graph: Any, pictures: Pictures) -> Iterator[tuple[str, Engine]]:
    """Build LiteRT engines in float32, float16 and int8, and in float32 with other batches."""
    for name in ("float32", "float16", "int8"):
        flatbuffer = convert(graph, name, pictures[:64])
        yield f"LiteRT {name}", lite_engine(trained, flatbuffer)
        if name == "float32":
            yield "LiteRT float32, single pictures", lite_engine(trained, flatbuffer, 1)
            yield "LiteRT float32, batches of 32", lite_engine(trained, flatbuffer, BATCH)


def convert(graph: Any, name: str, sample: Pictures) -> bytes:
    """Make a flatbuffer with weights of that kind; int8 is quantised with the sample."""
    converter = tf.lite.TFLiteConverter.from_concrete_functions([graph.get_concrete_function()], graph)
    if name != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if name == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if name == "int8":
        starts = range(0, len(sample), BATCH)
        converter.representative_dataset = lambda: ([sample[start : start + BATCH]] for start in starts)
    return bytes(converter.convert())


def lite_engine(trained: Trained, flatbuffer: bytes, batch_size: int | None = None) -> Engine:
    """Build one LiteRT engine."""
    engine = LiteRTEngine(flatbuffer, trained.signature, batch_size)
    return lambda batch: engine(batch)[trained.output]


def onnx_engines(graph: Any, signature: Any) -> Iterator[tuple[str, Engine]]:
    """Build the engines that read ONNX and are installed, if its exporter is."""
    try:
        import tf2onnx  # noqa: PLC0415 - not a dependency
    except ImportError:
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # NumPy announces the end of names that the exporter uses
        network = tf2onnx.convert.from_function(graph, signature)[0].SerializeToString()
    with suppress(ImportError):
        import onnxruntime  # noqa: PLC0415 - not a dependency

        session = onnxruntime.InferenceSession(network)
        entry = session.get_inputs()[0].name
        yield "ONNX Runtime", lambda x: session.run(None, {entry: x})[0]
    with suppress(ImportError):
        import openvino  # noqa: PLC0415 - not a dependency

        exact = {"INFERENCE_PRECISION_HINT": "f32"}  # else bfloat16, where the processor has it
        for name, hints in (("OpenVINO float32", exact), ("OpenVINO", {})):
            core = openvino.Core()
            compiled = core.compile_model(core.read_model(network), "CPU", hints)
            yield name, partial(_run_openvino, compiled)


def _run_openvino(compiled: Any, pictures: Pictures) -> NDArray[np.float32]:
    return np.array(compiled(pictures)[0])


def train(network: NetworkName, pictures: Pictures, labels: NDArray[np.int64]) -> Trained:
    """Train a network for a moment; how good it is does not matter here."""
    keys = np.array([f"{row:064x}" for row in range(len(pictures))])
    splits = np.where(np.arange(len(pictures)) % 4 == 0, VALIDATION, TRAIN)
    sources = np.full(len(pictures), "drawn")
    examples = Examples(pictures, labels, splits, keys, keys, sources, keys, np.zeros(len(keys), np.bool_))
    categories = tuple(category.name for category in load_categories())
    with tempfile.TemporaryDirectory() as folder:
        result = train_and_evaluate(TrainingConfig.default(categories, network), examples, Path(folder))
        path = Path(folder, "network.keras")
        path.write_bytes(result.artefact)
        model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return Trained(model, result.embedded.head.head if result.embedded else None)


def draw(images: int, shape: InputShape) -> "tuple[Pictures, NDArray[np.int64]]":
    """Draw garments, as many of each category, in turns."""
    names = [category.name for category in load_categories()]
    drawn = [draw_garment(names[n % len(names)], 0, n // len(names)) for n in range(images)]
    return stack(drawn, shape), np.arange(images) % len(names)


def read(folder: Path, shape: InputShape) -> "tuple[Pictures, NDArray[np.int64]]":
    """Read photos in folders named after categories, in turns."""
    names = [category.name for category in load_categories()]
    paths = [sorted(path for path in folder.rglob(f"{name}/*") if path.is_file()) for name in names]
    fewest = min(map(len, paths))
    turns = [theirs[n] for n in range(fewest) for theirs in paths]
    pictures = [decode_picture(path.read_bytes()) for path in turns]
    return stack(pictures, shape), np.arange(len(turns)) % len(names)


def stack(pictures: list[Image.Image], shape: InputShape) -> Pictures:
    """Fit pictures to the network's input."""
    return np.stack([fit_picture(picture.convert("RGB"), shape) for picture in pictures])


if __name__ == "__main__":
    typer.run(main)
