from pathlib import Path

import pytest

from db.categories import OTHER, Category, load_categories, require_category
from db.errors import CategoriesError, UnknownCategoryError

JEANS = '[jeans]\ntitle = "Men\'s jeans"\nsearch = ["jeans for men"]\n'
SAREE = '[saree]\nsearch = [" saree for women ", "silk saree"]\n'


def write(folder: Path, text: str) -> Path:
    path = folder / "categories.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_the_order_of_the_file_is_the_order_of_the_classes(tmp_path: Path) -> None:
    assert load_categories(write(tmp_path, SAREE + JEANS)) == (
        Category("saree", "saree", ("saree for women", "silk saree")),
        Category("jeans", "Men's jeans", ("jeans for men",)),
    )


def test_the_file_of_the_project_is_right() -> None:
    assert [category.name for category in load_categories()] == ["saree", "jeans", "trousers"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("", "at least two"),
        (JEANS, "at least two"),
        ("not toml", "cannot read"),
        (JEANS + "[saree]\n", "search"),
        (JEANS + '[saree]\nsearch = "saree"\n', "search"),
        (JEANS + '[saree]\nsearch = [" "]\n', "search"),
        ("saree = 1\n" + JEANS, "search"),
        (JEANS + '[other]\nsearch = ["x"]\n', "other"),
        (JEANS + '["../x"]\nsearch = ["x"]\n', "name"),
        (JEANS + '[Saree]\nsearch = ["x"]\n', "name"),
    ],
)
def test_a_wrong_file_says_what_to_mend(tmp_path: Path, text: str, complaint: str) -> None:
    with pytest.raises(CategoriesError, match=complaint):
        load_categories(write(tmp_path, text))


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    """As editors on Windows write it."""
    assert [category.name for category in load_categories(write(tmp_path, "\ufeff" + SAREE + JEANS))] == [
        "saree",
        "jeans",
    ]


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CategoriesError, match=r"none\.toml"):
        load_categories(tmp_path / "none.toml")


def test_other_is_a_verdict_and_anything_else_is_not() -> None:
    categories = load_categories()
    assert require_category(OTHER, categories) == OTHER
    assert require_category("jeans", categories) == "jeans"
    with pytest.raises(UnknownCategoryError, match="saree, jeans, trousers and other, got 'Jeans'"):
        require_category("Jeans", categories)
