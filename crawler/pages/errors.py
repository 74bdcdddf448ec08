"""Errors of the pages, which know nothing of the rest of the crawler."""


class UnknownMarketplaceError(ValueError):
    """Raised for a marketplace whose currency is not known: name one of those that the message lists."""
