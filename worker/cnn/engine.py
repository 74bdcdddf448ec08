"""The one place where TensorFlow is imported, so that its start-up messages are silenced once."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # It is read when TensorFlow loads, hence before the import.

import keras  # noqa: E402
import tensorflow as tf  # noqa: E402

__all__ = ["keras", "tf"]
