from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from demo.drawing.canvas import HEIGHT, WIDTH, smooth_curve
from demo.drawing.garments import colour_name, draw_cutout, draw_garment

DRAWN = ("saree", "jeans", "trousers")
EVERY = (*DRAWN, "kurta")


@pytest.mark.parametrize("category", EVERY)
def test_the_same_garment_is_drawn_twice_alike(category: str) -> None:
    drawing = draw_garment(category, 3, 5)
    assert (drawing.mode, drawing.size) == ("RGB", (WIDTH, HEIGHT))
    assert drawing.tobytes() == draw_garment(category, 3, 5).tobytes()


@pytest.mark.parametrize("category", EVERY)
def test_seed_index_and_view_each_change_the_drawing(category: str) -> None:
    drawings = [draw_garment(category, *which).tobytes() for which in ((0, 0), (1, 0), (0, 1), (0, 0, 1))]
    assert len(set(drawings)) == 4


@settings(max_examples=25, deadline=None)
@given(st.sampled_from(EVERY), st.integers(0, 2**32), st.integers(0, 10_000))
def test_any_garment_can_be_drawn(category: str, seed: int, index: int) -> None:
    pixels = np.asarray(draw_garment(category, seed, index))
    assert pixels.std() > 8


@pytest.mark.parametrize("category", EVERY)
def test_a_cutout_is_transparent_around_the_garment(category: str) -> None:
    alpha = np.asarray(draw_cutout(category, 0, 1).getchannel("A"))
    assert alpha[-1, 0] == alpha[-1, -1] == 0
    assert 0.1 < (alpha == 255).mean() < 0.8


def test_unknown_categories_differ_from_each_other() -> None:
    shapes = {
        draw_cutout(category, 0, 0).getchannel("A").tobytes() for category in ("kurta", "lehenga", "shirt")
    }
    assert len(shapes) == 3


def test_jeans_and_trousers_share_colours() -> None:
    jeans, trousers = ({colour_name(category, 0, index) for index in range(60)} for category in DRAWN[1:])
    assert jeans & trousers
    assert jeans - trousers


@pytest.mark.slow
def test_colour_alone_does_not_give_the_category_away() -> None:
    rows = [np.asarray(draw_garment(one, 0, index)).mean((0, 1)) for one in DRAWN for index in range(16)]
    labels = np.repeat(np.arange(len(DRAWN)), 16)
    distances = np.linalg.norm(np.array(rows)[:, None] - np.array(rows)[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert (labels[distances.argmin(axis=1)] == labels).mean() < 0.8


@pytest.mark.slow
def test_denim_is_rougher_than_the_cloth_of_trousers() -> None:
    assert roughness("jeans") > 1.3 * roughness("trousers")


@pytest.mark.slow
def test_sarees_have_no_gap_between_legs() -> None:
    assert gaps("saree") < gaps("jeans")
    assert gaps("saree") < gaps("trousers")


@cache
def twenty_cutouts(category: str) -> list[Image.Image]:
    return [draw_cutout(category, 0, index) for index in range(20)]


def roughness(category: str) -> float:
    """How much neighbouring pixels of the cloth differ, in grey levels, as a median over garments."""
    pixels = [np.asarray(cutout.convert("LA"), np.float64)[200:360] for cutout in twenty_cutouts(category)]
    cloth = [grey_alpha[:, :-1][grey_alpha[:, :-1, 1] == 255, 0] for grey_alpha in pixels]
    return float(np.median([np.abs(np.diff(grey)).mean() for grey in cloth]))


def gaps(category: str) -> float:
    """The share of garments through whose lower half the ground shows."""
    rows = [np.asarray(cutout.getchannel("A"))[340] == 255 for cutout in twenty_cutouts(category)]
    edges = [np.count_nonzero(np.diff(row.astype(int))) for row in rows]
    return float(np.mean([edge > 2 for edge in edges]))


@given(
    st.lists(st.tuples(st.integers(1, 50), st.floats(-100, 100)), min_size=2, max_size=6),
    st.floats(-1000, 1000),
)
def test_a_smooth_curve_meets_its_knots_and_stays_level_beyond_them(
    steps: list[tuple[int, float]], start: float
) -> None:
    positions = start + np.cumsum([step for step, _ in steps])
    values = [value for _, value in steps]
    curve = smooth_curve(*zip(positions.tolist(), values, strict=True))
    ends = curve(np.array([positions[0] - 10, positions[0], positions[-1], positions[-1] + 10]))
    assert np.allclose(ends, [values[0], values[0], values[-1], values[-1]], atol=1e-3)
