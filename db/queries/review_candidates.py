"""Candidates for review, read of each order when it is come to: what is not asked costs nothing.

Statements are built once: that takes longer than PostgreSQL takes to answer them.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from random import Random
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, bindparam, func, literal_column, select
from sqlalchemy.orm import Session

from db.index_conditions import CONTRADICTED, LABELLED_BY_MODEL, REVIEWED, TRAINED_ON
from db.models import Image, Product, ProductImage, Review
from db.queries.review_order import NEW_SOURCE_VERDICTS, Candidate, NewSource, by_power_margin
from db.rows import in_chunks

DRAWN_AMONG: Final = 2000
"""Products of a new source, those of the smallest margin, among which its first verdicts are drawn."""

_DRAWN: Final = 4 * NEW_SOURCE_VERDICTS
"""Of these, those that are looked at, some of which may be near-alikes."""

_DRAWS: Final = 8
"""Times that more random products are drawn where some of the first are gone, reviewed or of another source."""

# Conditions are those of the partial indexes word for word, else these are not used.
_WITH_MARGIN: Final = f"{LABELLED_BY_MODEL} AND margin IS NOT NULL"


class _Extent(NamedTuple):
    """How many verdicts there are, withdrawn ones too, and the first and the last product; 0 where there is none."""

    verdicts: int
    first: int
    last: int


def new_source_names(session: Session) -> set[str]:
    """Give the sources with verdicts on fewer than sixteen products, whose listed labels taught nothing."""
    untaught = session.connection().execute(_untaught(of_one=False)).all()
    return {source for source, verdicts in untaught if verdicts < NEW_SOURCE_VERDICTS}


@dataclass(frozen=True)
class CandidateReader:
    """Reads candidates of one source, or of all where `marketplace` is None; `limit` are enough."""

    session: Session
    marketplace: str | None
    limit: int

    @cached_property
    def extent(self) -> _Extent:
        """How much there is to draw random products from."""
        [row] = self._ask(_extent(of_one=self._of_one))
        return _Extent(*(number or 0 for number in row))

    def contradicted(self) -> Iterator[Candidate]:
        """Give those whose listed category is contradicted, surest first."""
        # As the index, backwards.
        yield from self._read(_ordered(CONTRADICTED, "contradiction DESC", "id DESC", of_one=self._of_one))

    def unsure(self) -> Iterator[Candidate]:
        """Give those of the smallest margin first."""
        yield from self._read(_ordered(_WITH_MARGIN, "margin", "id", of_one=self._of_one))

    def random(self, wanted: int) -> Iterator[Candidate]:
        """Draw products by their ids, each as likely as every other; the same until a verdict is given.

        Args:
            wanted: probably so many are enough.
        """
        extent = self.extent
        generator = Random(extent.verdicts)  # noqa: S311 - a sample, no secret
        for draws in (2 * wanted, *[8 * max(wanted, 16)] * _DRAWS) if extent.last else ():
            yield from self._chosen([generator.randint(extent.first, extent.last) for _ in range(draws)])

    def new_sources(self) -> Iterator[NewSource]:
        """Give the sources with verdicts on fewer than sixteen products, whose listed labels taught nothing."""
        untaught = self._ask(_untaught(of_one=self._of_one))
        sources = [(source, verdicts) for source, verdicts in untaught if verdicts < NEW_SOURCE_VERDICTS]
        for source, verdicts in sources:
            yield NewSource(self._drawn(source, verdicts, at_once=1 + self.limit // len(sources)), verdicts)

    def _drawn(self, source: str, verdicts: int, at_once: int) -> Iterator[Candidate]:
        """Read of a source what is drawn from the products of the smallest margin, and not what is not."""
        margins = self._ask(_margins(), marketplace=source)
        drawn = by_power_margin(((product_id, margin) for product_id, margin in margins), verdicts)[:_DRAWN]
        for ids in in_chunks(drawn, at_once):
            yield from self._chosen(ids)

    def _chosen(self, ids: Sequence[int]) -> Iterator[Candidate]:
        """Read those of the products that can be reviewed, in the order of the ids."""
        found = {each.id: each for each in self._read(_among(of_one=self._of_one), ids=ids)}
        return (found[product_id] for product_id in dict.fromkeys(ids) if product_id in found)

    def _read(self, statement: Select[Any], **parameters: Any) -> Iterator[Candidate]:
        return (Candidate(*row) for row in self._ask(statement, **parameters))

    def _ask(self, statement: Select[Any], **parameters: Any) -> Sequence[Any]:
        given = {"marketplace": self.marketplace, "limit": self.limit} | parameters
        return self.session.connection().execute(statement, given).all()

    @property
    def _of_one(self) -> bool:
        return self.marketplace is not None


@cache
def _extent(*, of_one: bool) -> Select[Any]:
    ends = [select(end(Product.id)).where(*_theirs(of_one=of_one)) for end in (func.min, func.max)]
    return select(*(each.scalar_subquery() for each in (select(func.max(Review.id)), *ends)))


@cache
def _ordered(condition: str, *order: str, of_one: bool) -> Select[Any]:
    where = (literal_column(condition), *_theirs(of_one=of_one))
    by: list[ColumnElement[Any]] = [literal_column(f"products.{column}") for column in order]
    return _candidates().where(*where).order_by(*by).limit(bindparam("limit"))


@cache
def _among(*, of_one: bool) -> Select[Any]:
    among = Product.id.in_(bindparam("ids", expanding=True))
    return _candidates().where(literal_column(_WITH_MARGIN), among, *_theirs(of_one=of_one))


@cache
def _margins() -> Select[Any]:
    columns: list[Any] = [Product.id, Product.margin]
    where = (literal_column(_WITH_MARGIN), *_theirs(of_one=True))
    return select(*columns).where(*where).order_by(Product.margin, Product.id).limit(DRAWN_AMONG)


@cache
def _untaught(*, of_one: bool) -> Select[Any]:
    """Give the sources of which no listed label was trained on, and on how many products each has verdicts, up to 16.

    Sources are few, however many products there are: they are sought from each to the next in an index, and nothing
    is counted further than it matters.
    """
    smallest = select(func.min(Product.marketplace).label("name")).where(*_theirs(of_one=of_one))
    sources = smallest.cte("sources", recursive=not of_one)
    if not of_one:
        following = smallest.where(Product.marketplace > sources.c.name).scalar_subquery()
        sources = sources.union_all(select(following).where(sources.c.name.is_not(None)))
    is_theirs = Product.marketplace == sources.c.name
    trained_on = select(Product.id).where(literal_column(TRAINED_ON), is_theirs).limit(1)
    reviewed = select(Product.id).where(literal_column(REVIEWED), is_theirs).limit(NEW_SOURCE_VERDICTS)
    verdicts = select(func.count()).select_from(reviewed.correlate(sources).subquery()).scalar_subquery()
    is_untaught = trained_on.correlate(sources).scalar_subquery().is_(None)
    wanted = select(sources.c.name, verdicts).where(sources.c.name.is_not(None), is_untaught)
    return wanted.order_by(sources.c.name)


@cache
def _candidates() -> Select[Any]:
    of_product = (
        Product.id, Product.marketplace, Product.asin, Product.title, Product.listed_category, Product.likeliest,
        Product.confidence, Product.margin,
    )  # fmt: skip
    of_image = (Image.sha256, Image.perceptual_hash, Image.colour_signature)
    columns: list[Any] = [*of_product, *of_image]
    first = (
        select(ProductImage.image_id)
        .where(ProductImage.product_id == Product.id, ProductImage.image_id.is_not(None))
        .order_by(ProductImage.position, ProductImage.id)
        .limit(1)
        .correlate(Product)
        .scalar_subquery()
    )
    return select(*columns).outerjoin_from(Product, Image, Image.id == first)


def _theirs(*, of_one: bool) -> tuple[ColumnElement[bool], ...]:
    return (Product.marketplace == bindparam("marketplace"),) if of_one else ()
