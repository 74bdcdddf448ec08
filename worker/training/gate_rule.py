"""What of two model versions is worse: one rule, whether networks or heads have answered."""

import logging
from collections.abc import Mapping
from typing import Final

from worker.cnn.figures.intervals import mcnemar_p_value

logger = logging.getLogger(__name__)

_FEWEST_PRODUCTS: Final = 30
_SIGNIFICANCE: Final = 0.05
"""The p-value of McNemar's test from which a loss is taken for chance, on at least so many test products."""


def tells_no_worse(new: Mapping[int, bool], old: Mapping[int, bool]) -> bool:
    """Say whether a candidate is no worse: it has no fewer products right, or McNemar's exact test calls it chance.

    On fewer than 30 products, which could hardly convince the test, it is worse if it has fewer right at all.

    Args:
        new: whether the candidate has each test product right, by the product.
        old: likewise the active version.
    """
    won = sum(right and not old.get(product) for product, right in new.items())
    lost = sum(right and not new.get(product) for product, right in old.items())
    p_value = mcnemar_p_value(won, lost)
    logger.info(
        "of %d test products the candidate alone has %d right, the active version alone %d; p = %.4f",
        len(new), won, lost, p_value,
    )  # fmt: skip
    return won >= lost or (len(new) >= _FEWEST_PRODUCTS and p_value >= _SIGNIFICANCE)
