import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.pages.inline_json import inline_value

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda values: st.lists(values) | st.dictionaries(st.text(), values),
)


@given(JSON, st.sampled_from("'\""))
def test_a_value_is_found_behind_keys_in_either_quotes(value: object, quote: str) -> None:
    script = (
        f"var d = {{ {quote}colorImages{quote}: {{ {quote}initial{quote}: {json.dumps(value)}}}, x: 1 }};"
    )
    assert inline_value(script, "colorImages", "initial") == value


def test_a_broken_value_is_passed_over() -> None:
    assert inline_value("{'a': [1, 2 'a': [3]}", "a") == [3]


@pytest.mark.parametrize("script", ["", "'a'", "'a':", "'a': function() {}", "'a': " + "[" * 200_000])
def test_no_value_gives_none(script: str) -> None:
    assert inline_value(script, "a") is None
