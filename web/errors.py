"""What can keep the page from opening."""


class WebError(Exception):
    """The page cannot be opened as asked; the message says what to do."""


class UnsafeAddressError(WebError):
    """An address that others can reach needs a token of the operator's own: set VASTRA_WEB_TOKEN."""


class AddressTakenError(WebError):
    """Another program listens there: choose another port, or 0 for a free one."""
