"""The brand in a product page's by-line, in the languages of the shop."""

import re

_BYLINES = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"(?:Brand|Marke|Marque|Marca|Merk|Varumärke|Marka)\s*[:\uff1a]\s*(.+)",
        r"(?:ブランド|品牌|ब्रांड|العلامة التجارية)\s*[:\uff1a]\s*(.+)",
        r"Visit the (.+?) Store",
        r"Besuchen? Sie den (.+?)[- ]Store",
        r"Visite[rz] la boutique (.+)",
        r"Visita lo Store di (.+)",
        r"Visitar? la (?:tienda|Store) (?:de )?(.+)",
        r"Visite a (?:loja|Store) (.+)",
        r"Bezoek de (.+?)[- ](?:winkel|store)",
        r"Besök (.+?)[- ]butiken",
        r"Odwiedź sklep (.+)",
        r"(.+?) Mağazas\u0131n\u0131 ziyaret edin",
        r"(.+?)のストアを表示",
        r"(?:访问|造訪|瀏覽)\s*(.+?)\s*(?:品牌旗舰店|店铺|商店)",
        r"(.+?) स्टोर पर जाएं",
        r"(?:قم ب|تفضل ب)?زيارة متجر (.+)",
    )
)


def brand_in_byline(byline: str | None) -> str | None:
    """Give the brand that a by-line names: "Visit the Razer Store" and "Marke: Razer" give "Razer".

    A by-line in no known form is the brand itself.
    """
    if not byline:
        return None
    matches = (pattern.fullmatch(byline) for pattern in _BYLINES)
    return next((match.group(1).strip() for match in matches if match), byline)
