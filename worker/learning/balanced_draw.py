"""A part of very many labelled pictures that is as good as all of them: every review, and each category alike."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from worker.training.examples import SplitImage


def draw_pictures(images: Sequence[SplitImage], most: int) -> list[SplitImage]:
    """Draw at most so many pictures, in their order: all reviewed ones, and of listed ones the same share a category.

    A category's reviews count towards its share; more reviews than that are kept all the same. Which are drawn
    depends on the pictures alone, so that the same records give the same draw.
    """
    if len(images) <= most:
        return list(images)
    reviewed = [each for each in images if each.image.reviewed]
    share = _share(Counter(each.image.category for each in images).values(), most)
    taken = Counter(each.image.category for each in reviewed)
    listed = defaultdict(list)
    for each in images:
        if not each.image.reviewed:
            listed[each.image.category].append(each)
    kept = {_key(each) for each in reviewed}
    for category, theirs in listed.items():
        kept.update(map(_key, sorted(theirs, key=_by_chance)[: max(0, share - taken[category])]))
    return [each for each in images if _key(each) in kept]


def _share(counts: Iterable[int], most: int) -> int:
    """Give the largest number of pictures a category with which all categories have no more than `most`."""
    ascending = sorted(counts)
    share = 0
    for place, count in enumerate(ascending):
        share = most // (len(ascending) - place)
        if count > share:
            return share
        most -= count
    return max(share, ascending[-1])


def _key(each: SplitImage) -> tuple[int, int]:
    return each.image.product_id, each.image.image_id


def _by_chance(each: SplitImage) -> tuple[str, int]:
    return each.image.sha256, each.image.product_id
