import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.amazon.image_addresses import ImageAddress, best_source, image_address, largest_size

PAGE = "https://www.amazon.in/s?k=saree"
HOST = "https://m.media-amazon.com/images"
IDS = st.text("ABCXYZabcxyz0189+-", min_size=10, max_size=12)
MODIFIERS = st.sampled_from(["_AC_UL320_", "_SX38_SY50_CR,0,0,38,50_", "_AC_UL960_FMwebp_QL65_", "_SL1500_"])


@given(IDS, MODIFIERS, st.sampled_from(["jpg", "png", "webp"]))
def test_the_original_is_the_address_without_modifiers(identifier: str, modifiers: str, ending: str) -> None:
    found = f"{HOST}/I/{identifier}.{modifiers}.{ending}"
    assert image_address(found, PAGE) == ImageAddress(f"{HOST}/I/{identifier}.{ending}", found)


@given(IDS)
def test_an_original_needs_no_fallback(identifier: str) -> None:
    assert image_address(f"{HOST}/I/{identifier}.jpg", PAGE) == ImageAddress(f"{HOST}/I/{identifier}.jpg")


def test_a_converted_picture_has_the_same_original() -> None:
    found = f"{HOST}/W/WEBP_402378-T1/images/I/71x._AC_UL320_.jpg"
    assert image_address(found, PAGE) == ImageAddress(f"{HOST}/I/71x.jpg", found)


@pytest.mark.parametrize("mark", ["_CLa|2140,2000|41x.png|0,0,1,1_AC_SL1500_", "_CLa%7C2140%2C2000_AC_"])
def test_a_composite_is_kept_as_it_is(mark: str) -> None:
    found = f"{HOST}/I/A13x.{mark}.png"
    assert image_address(found, PAGE) == ImageAddress(found)


@pytest.mark.parametrize(
    "found",
    [
        None,
        "",
        "./saved_files/71x._AC_UL320_.jpg",
        "data:image/gif;base64,R0lGOD",
        "javascript:alert(1)",
        "file:///images/I/71x.jpg",
        "https://[bad/images/I/71x.jpg",
        "https://m.media-amazon.com/images/G/31/transparent-pixel.gif",
        "https://m.media-amazon.com/images/I/71 x\ud800.jpg",
    ],
)
def test_what_is_no_product_picture_gives_none(found: str | None) -> None:
    assert image_address(found, PAGE) is None


def test_the_densest_source_is_the_best_although_addresses_hold_commas() -> None:
    small, large = f"{HOST}/I/7._CR,0,0,38,50_.jpg", f"{HOST}/I/7._CR,0,0,76,100_.jpg"
    assert best_source(f"{small} 1x, {large} 2.5x") == large


def test_a_source_that_the_gate_would_refuse_is_taken_only_where_there_is_no_other() -> None:
    assert best_source("a.jpg 800w, b.jpg 2400w, c.jpg 12000w") == "b.jpg"
    assert best_source("c.jpg 12000w, d.jpg 20000w") == "c.jpg"
    assert largest_size({"a": [800, 1000], "b": [4000, 5000], "c": [9000, 12000]}) == "b"


@pytest.mark.parametrize("srcset", [None, "", "no-density.jpg", ",,, 1x"])
def test_a_broken_srcset_gives_no_source_or_a_string(srcset: str | None) -> None:
    assert best_source(srcset) is None or isinstance(best_source(srcset), str)


@given(st.dictionaries(IDS, st.lists(st.integers(1, 3000), min_size=2, max_size=2), min_size=1))
def test_the_largest_size_has_the_largest_area(sizes: dict[str, list[int]]) -> None:
    largest = largest_size(json.dumps(sizes)) or ""
    assert all(sizes[largest][0] * sizes[largest][1] >= width * height for width, height in sizes.values())


@pytest.mark.parametrize("sizes", [None, "", "{", "[]", "{}", 7, "[" * 100_000, []])
def test_sizes_in_no_known_form_give_none(sizes: object) -> None:
    assert largest_size(sizes) is None


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists))
def test_no_size_breaks_the_choice(size: object) -> None:
    assert largest_size({"only": size}) == "only"


@given(st.text(), st.text())
def test_no_text_breaks_an_address(found: str, srcset: str) -> None:
    image_address(found, PAGE)
    best_source(srcset)
    largest_size(found)
