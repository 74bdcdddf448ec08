"""How a filter is answered soonest, by how common what it asks for is, of which PostgreSQL alone has a poor guess.

Few are looked up, and their products sorted. Of many the next products have some: they are looked through one after
the other, in the order of an index, until a page is full.
"""

from dataclasses import dataclass
from itertools import combinations
from typing import Final

from sqlalchemy import ColumnElement, Select, any_, false, func, select
from sqlalchemy.orm import Session

from db.models import Image, Product, ProductImage
from db.pictures.codes import QualityCode
from db.title_words import has_words, products_with, words_in

COMMON_PICTURES: Final = 5000
"""Pictures with a quality code from which products are looked through for it."""

COMMON_TITLES: Final = 10_000
"""Products whose title has the words, likewise; as many as are counted."""


@dataclass(frozen=True)
class Approach:
    """What is known of a filter before it is asked for.

    Attributes:
        dialect: of the database.
        words: that a title is to have.
        pictures_are_common: whether many pictures have the quality code.
        words_are_common: whether many titles have the words.
    """

    dialect: str
    words: tuple[str, ...] = ()
    pictures_are_common: bool = False
    words_are_common: bool = False

    def shows(self, code: QualityCode) -> ColumnElement[bool]:
        """Select the products that show a picture with a code."""
        if self.pictures_are_common:  # OFFSET keeps it from being a join
            theirs = select(ProductImage.id).join(Image).where(ProductImage.product_id == Product.id)
            return theirs.where(with_code(code)).correlate(Product).limit(1).offset(0).exists()
        images = select(Image.id).where(with_code(code))
        return Product.id.in_(select(ProductImage.product_id).where(ProductImage.image_id.in_(images)))

    def is_titled(self) -> ColumnElement[bool]:
        """Select the products whose title has the words; none, where there is no word."""
        words = list(self.words)
        if not words:
            return false()
        if self.words_are_common:
            return has_words(Product.id, words, self.dialect)
        some = products_with(words, self.dialect).limit(COMMON_TITLES + 1)
        if self.dialect != "postgresql":
            return Product.id.in_(some)
        # An array is looked up, however many PostgreSQL takes its values for; a join might read all products.
        return Product.id == any_(func.array(some.scalar_subquery()))


def look_up(session: Session, quality: QualityCode | None, words: str | None) -> Approach:
    """Say how to ask for pictures with a quality code, and for words in titles."""
    dialect, found = session.get_bind().dialect.name, tuple(words_in(words or ""))
    pictures = False if quality is None else _are_many(session, _with(quality), COMMON_PICTURES)
    titled = bool(found) and _are_many(session, products_with(list(found), dialect), COMMON_TITLES + 1)
    return Approach(dialect, found, pictures, titled)


def with_code(code: QualityCode) -> ColumnElement[bool]:
    """Select the pictures with a code: each combination of codes is one value of the index."""
    others = [other for other in QualityCode if other is not code]
    together = (
        [word for word in QualityCode if word is code or word in some]
        for size in range(len(others) + 1)
        for some in combinations(others, size)
    )
    return Image.quality.in_([" ".join(codes) for codes in together])


def shown_by_first(code: QualityCode, most: int) -> Select[int]:
    """Select the products that show one of the first pictures with a code, at most so many pictures."""
    images = _with(code).limit(most).subquery()
    return select(ProductImage.product_id).join(images, ProductImage.image_id == images.c.id).distinct()


def _with(code: QualityCode) -> Select[int]:
    return select(Image.id).where(with_code(code))


def _are_many(session: Session, rows: Select[int], many: int) -> bool:
    return session.scalar(select(func.count()).select_from(rows.limit(many).subquery())) == many
