import pytest

from worker.training.gate_rule import tells_no_worse


@pytest.mark.parametrize(
    ("products", "lost", "won", "no_worse"),
    [
        (40, 0, 0, True),
        (40, 5, 0, True),  # McNemar's p is 0.06: this may be chance.
        (40, 6, 0, False),  # It is 0.03.
        (40, 6, 6, True),
        (29, 1, 0, False),  # So few products could hardly prove anything: any loss counts.
        (0, 0, 0, True),
    ],
)
def test_a_loss_that_is_no_chance_is_worse(products: int, lost: int, won: int, *, no_worse: bool) -> None:
    new = {product: product >= lost for product in range(products)}
    old = {product: product < products - won for product in range(products)}
    assert tells_no_worse(new, old) is no_worse
