"""The one place where TensorFlow is imported, so that its start-up messages are silenced once."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def _without_native_messages() -> Iterator[None]:
    """Hold back what native code writes to standard error, and give it out if the import fails."""
    standard_error = os.dup(2)
    with tempfile.TemporaryFile() as held_back:
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        except BaseException:
            held_back.seek(0)
            os.write(standard_error, held_back.read())
            raise
        finally:
            sys.stderr.flush()
            os.dup2(standard_error, 2)
            os.close(standard_error)


# TensorFlow reads this when it loads, but greets on standard error even so, before its logging starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with _without_native_messages():
    import keras
    import tensorflow as tf

tf.get_logger().setLevel("ERROR")  # It warns when one process loads several networks.

__all__ = ["keras", "tf"]
