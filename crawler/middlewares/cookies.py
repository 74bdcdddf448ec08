"""Cookies judged by the packaged list of public suffixes."""

from scrapy.downloadermiddlewares import cookies
from tldextract import TLDExtract

# Scrapy would fetch the newest list from other sites at the first cookie: past our resolver, unasked, and with
# every page waiting for it.
cookies._split_domain = TLDExtract(suffix_list_urls=(), include_psl_private_domains=True)  # noqa: SLF001


class PackagedSuffixCookies(cookies.CookiesMiddleware):
    """Scrapy's cookies, which ask nobody but the shop."""
