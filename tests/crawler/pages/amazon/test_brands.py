import pytest

from crawler.pages.amazon.brands import brand_in_byline


@pytest.mark.parametrize(
    "byline",
    [
        "Razer",
        "Brand: Razer",
        "Marque : Razer",
        "Marke: Razer",
        "Visit the Razer Store",
        "Besuchen Sie den Razer-Store",
        "Visita lo Store di Razer",
        "Visita la tienda de Razer",
        "Visiter la boutique Razer",
        "Bezoek de Razer-winkel",
        "Razerのストアを表示",
        "Razer Mağazas\u0131n\u0131 ziyaret edin",
    ],
)
def test_a_brand_is_found_in_the_by_lines_of_every_marketplace(byline: str) -> None:
    assert brand_in_byline(byline) == "Razer"


def test_no_by_line_is_no_brand() -> None:
    assert brand_in_byline(None) is None
