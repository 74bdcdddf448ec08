import imagehash
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from db.pictures.perceptual_hash import perceptual_hash


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**32 - 1), width=st.integers(1, 80), height=st.integers(1, 80))
def test_the_hash_is_that_of_the_imagehash_library(seed: int, width: int, height: int) -> None:
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    picture = Image.fromarray(pixels).resize((width * 3, height * 2), Image.Resampling.BICUBIC)
    theirs = str(imagehash.phash(picture))
    assert (int(perceptual_hash(picture), 16) ^ int(theirs, 16)).bit_count() <= 2


def test_a_flat_picture_has_the_same_hash_in_every_colour() -> None:
    greys = {perceptual_hash(Image.new("RGB", (60, 80), (level,) * 3)) for level in range(1, 256, 7)}
    assert greys == {"8000000000000000"}
