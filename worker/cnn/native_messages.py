"""Keeps what native code writes to standard error away from the user."""

import os
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

_ONE_AT_A_TIME = Lock()


@contextmanager
def without_native_messages() -> Iterator[None]:
    """Hold back what native code writes to standard error, and give it out if the block raises."""
    # The descriptor belongs to the whole process: two threads in here would restore each other's file.
    with _ONE_AT_A_TIME, tempfile.TemporaryFile() as held_back:
        standard_error = os.dup(2)
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
