import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from PIL import Image, ImageDraw

from tests.conftest import ROOT
from worker.cnn.errors import ExamplesError
from worker.cnn.pictures.variation_kinds import Variation
from worker.cnn.pictures.variations import OCCLUDED_SHARES, STRENGTHS, vary

KEYS = [f"{number:064x}" for number in range(6)]
PICTURES = st.tuples(st.integers(0, 3), st.integers(1, 20), st.integers(1, 20), st.just(3)).flatmap(
    lambda shape: arrays(np.uint8, shape)
)


def draw(background: str, shirt: str = "navy") -> np.ndarray:
    picture = Image.new("RGB", (72, 96), background)
    pen = ImageDraw.Draw(picture)
    pen.rectangle((22, 14, 50, 82), fill=shirt)
    pen.ellipse((30, 30, 42, 60), fill="orange")
    return np.asarray(picture)


@pytest.fixture(scope="module")
def pictures() -> np.ndarray:
    """Six garments, alike, before a uniform background."""
    return np.stack([draw("lightgrey")] * len(KEYS))


@pytest.fixture(scope="module")
def clutter() -> np.ndarray:
    return np.random.default_rng(0).integers(0, 256, (4, 50, 40, 3)).astype(np.uint8)


@settings(deadline=None, max_examples=60)
@given(PICTURES, st.sampled_from(Variation), st.sampled_from(STRENGTHS))
def test_any_picture_can_be_varied(pictures: np.ndarray, variation: Variation, strength: int) -> None:
    before, keys = pictures.copy(), KEYS[: len(pictures)]
    varied = vary(pictures, variation, strength, keys, np.full((1, 5, 4, 3), 90, np.uint8))
    assert (varied.shape, varied.dtype) == (pictures.shape, pictures.dtype)
    assert (pictures == before).all()


@pytest.mark.parametrize("variation", Variation)
def test_a_greater_strength_changes_more(
    variation: Variation, pictures: np.ndarray, clutter: np.ndarray
) -> None:
    changes = [
        np.abs(vary(pictures, variation, strength, KEYS, clutter).astype(int) - pictures).mean()
        for strength in STRENGTHS
    ]
    assert 0 < changes[0] < changes[1] < changes[2]


@pytest.mark.parametrize("variation", Variation)
def test_a_key_always_gives_the_same_picture_in_any_company(
    variation: Variation, pictures: np.ndarray, clutter: np.ndarray
) -> None:
    together = vary(pictures, variation, 2, KEYS, clutter)
    alone = vary(pictures[:1], variation, 2, KEYS[4:5], clutter)
    assert (together[4] == alone[0]).all()


@pytest.mark.parametrize(
    "variation", sorted(set(Variation) - {Variation.JPEG_QUALITY, Variation.DOWNSCALING})
)
def test_keys_decide_what_happens(variation: Variation, pictures: np.ndarray, clutter: np.ndarray) -> None:
    varied = vary(pictures, variation, 3, KEYS, clutter)
    assert len({picture.tobytes() for picture in varied}) > 1


@pytest.mark.parametrize(
    "variation", sorted(set(Variation) - {Variation.JPEG_QUALITY, Variation.DOWNSCALING})
)
def test_padding_stays_white(variation: Variation, pictures: np.ndarray, clutter: np.ndarray) -> None:
    padded = np.full((len(KEYS), 96, 96, 3), 255, np.uint8)
    padded[:, :, 12:84] = pictures
    varied = vary(padded, variation, 3, KEYS, clutter)
    assert (varied[:, :, :12] == 255).all()
    assert (varied[:, :, 84:] == 255).all()
    assert (varied[:, :, 12:84] != padded[:, :, 12:84]).any()


def test_the_corners_of_a_turned_picture_have_the_colour_around_it(pictures: np.ndarray) -> None:
    varied = vary(pictures, Variation.VIEWPOINT, 3, KEYS)
    assert (varied[:, 0, 0] == (211, 211, 211)).all()


def test_scaling_comes_nearer_or_goes_away_by_up_to_two(pictures: np.ndarray) -> None:
    navy = [
        (picture == (0, 0, 128)).all(axis=-1).sum() for picture in vary(pictures, Variation.SCALE, 3, KEYS)
    ]
    before = (pictures[0] == (0, 0, 128)).all(axis=-1).sum()
    assert min(navy) < 0.35 * before
    assert max(navy) > 1.2 * before


@pytest.mark.parametrize("strength", STRENGTHS)
def test_occlusion_covers_its_share_with_one_colour(strength: int, pictures: np.ndarray) -> None:
    for varied in vary(pictures, Variation.OCCLUSION, strength, KEYS):
        covered = varied[(varied != pictures[0]).any(axis=-1)]
        assert len(np.unique(covered, axis=0)) == 1
        assert len(covered) / pictures[0, ..., 0].size == pytest.approx(
            OCCLUDED_SHARES[strength - 1], rel=0.35
        )


def test_light_changes_all_of_a_picture(pictures: np.ndarray) -> None:
    mean = vary(pictures, Variation.ILLUMINATION, 3, KEYS).mean(axis=(1, 2, 3))
    assert {*(mean > pictures.mean())} == {True, False}


def test_clutter_lies_behind_the_garment(pictures: np.ndarray, clutter: np.ndarray) -> None:
    varied = vary(pictures, Variation.BACKGROUND_CLUTTER, 3, KEYS, clutter)
    assert (varied[:, 45, 36] == pictures[:, 45, 36]).all()
    assert varied[:, :8].std() > 30


def test_a_thumbnail_keeps_fewer_pixels(clutter: np.ndarray) -> None:
    rough = [np.abs(np.diff(vary(clutter, Variation.DOWNSCALING, strength, KEYS[:4]).astype(int), axis=1)).mean()
             for strength in STRENGTHS]  # fmt: skip
    assert rough == sorted(rough, reverse=True)


@pytest.mark.parametrize("clutter", [None, np.empty((0, 4, 4, 3), np.uint8)])
def test_clutter_has_to_be_there(clutter: np.ndarray | None, pictures: np.ndarray) -> None:
    with pytest.raises(ExamplesError, match="clutter"):
        vary(pictures, Variation.BACKGROUND_CLUTTER, 1, KEYS, clutter)


def test_wrong_strengths_and_too_few_keys_are_refused(pictures: np.ndarray) -> None:
    with pytest.raises(ExamplesError, match="got 4"):
        vary(pictures, Variation.SCALE, 4, KEYS)
    with pytest.raises(ExamplesError, match="got 1 keys for 6 pictures"):
        vary(pictures, Variation.SCALE, 1, KEYS[:1])


@pytest.mark.slow
def test_varying_pictures_loads_no_tensorflow() -> None:
    module = "worker.cnn.pictures.variations"
    program = f"import {module}, sys; sys.exit(bool({{'tensorflow', 'keras'}} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
