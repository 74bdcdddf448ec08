"""Addresses that a browser gives to lead back to: they stay on this page, whatever was sent."""

from urllib.parse import parse_qsl, urlencode, urlsplit


def own_address(address: str, *, without: str) -> str:
    """Give an address of this page, one of another site as a path of this one.

    Args:
        address: whatever was sent.
        without: a word that is left out of what stands after `?`.
    """
    try:
        parts = urlsplit(address.replace("\\", "/"))
    except ValueError:  # such as http://[
        return "/"
    words = [pair for pair in parse_qsl(parts.query, keep_blank_values=True) if pair[0] != without]
    path = "/" + parts.path.lstrip("/")
    return f"{path}?{urlencode(words)}" if words else path
