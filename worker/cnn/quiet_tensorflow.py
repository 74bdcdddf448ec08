"""The one place where TensorFlow is imported, so that its start-up messages are silenced once."""

import os

from worker.cnn.native_messages import without_native_messages

# TensorFlow reads this when it loads, but greets on standard error even so, before its logging starts.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
with without_native_messages():
    import keras
    import tensorflow as tf
    from tensorflow.lite.python.convert_phase import ConverterError

tf.get_logger().setLevel("ERROR")  # It warns when one process loads several networks.

__all__ = ["ConverterError", "keras", "tf"]
