"""The resolver that every connection of the crawler asks, and that keeps it out of private networks.

Twisted hands it names and literals alike, with the port, just before it connects; so odd spellings
(2130706433, 0x7f.0.0.1), redirects and names that change their address between two look-ups end here, too.
"""

import ipaddress
import socket
from collections.abc import Sequence
from typing import Any, Self

from scrapy.crawler import Crawler
from scrapy.resolver import CachingHostnameResolver
from twisted.internet.interfaces import IAddress, IHostResolution, IResolutionReceiver
from zope.interface import implementer  # type: ignore[import-untyped]

from crawler.arguments import Origin

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Deprecated by RFC 3879, and still routed inside some networks.
_SITE_LOCAL = ipaddress.ip_network("fec0::/10")
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_forbidden(address: str) -> bool:
    """Say whether an IP address is anything but a public host's.

    Forbidden are private, loopback, link-local, site-local, shared (RFC 6598), multicast, reserved and unspecified
    addresses, and IPv6 addresses that carry such an IPv4 address inside (mapped, 6to4, Teredo, NAT64).
    """
    ip = ipaddress.ip_address(address)
    carried = _carried(ip)
    if carried:
        return any(is_forbidden(str(inner)) for inner in carried)
    if ip in _SITE_LOCAL:
        return True
    return not ip.is_global or ip.is_multicast or ip.is_reserved or ip.is_unspecified or ip.is_loopback


def is_private_host(host: str) -> bool:
    """Say whether a host is one's own: all its addresses are private or loopback; an unknown host is not."""
    try:
        found = socket.getaddrinfo(host, None)
    except (OSError, UnicodeError):
        return False
    return all(is_forbidden(str(address[0])) for *_, address in found)


def _carried(ip: IPAddress) -> tuple[ipaddress.IPv4Address, ...]:
    """Give the IPv4 addresses to which packets for this IPv6 address would go in the end."""
    if isinstance(ip, ipaddress.IPv4Address):
        return ()
    if ip in _NAT64:
        return (ipaddress.IPv4Address(int(ip) & 0xFFFFFFFF),)
    inner = ip.ipv4_mapped or ip.sixtofour
    return (inner,) if inner else ip.teredo or ()


class GuardedResolver(CachingHostnameResolver):
    """Resolves IPv4 and IPv6 and withholds a host of whose addresses even one is forbidden.

    To the connection such a host looks unknown; AddressGuard asks `refused_address` for the truth.
    """

    def __init__(self, reactor: Any, cache_size: int) -> None:
        super().__init__(reactor, cache_size)
        self._exempt: Origin | None = None
        self._refused: dict[Origin, str] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler, reactor: Any) -> Self:
        """Build the resolver; Scrapy calls this before the reactor runs."""
        return cls(reactor, crawler.settings.getint("DNSCACHE_SIZE"))

    def exempt(self, origin: Origin | None) -> None:
        """Let this one host and port be private; None lets none."""
        self._exempt = origin

    def refused_address(self, origin: Origin) -> str | None:
        """Give the forbidden address for which the host was withheld last; None where it was not."""
        return self._refused.get(origin)

    def resolveHostName(  # noqa: N802 - Twisted's name
        self,
        resolutionReceiver: IResolutionReceiver,  # noqa: N803 - Twisted's name
        hostName: str,  # noqa: N803 - Twisted's name
        portNumber: int = 0,  # noqa: N803 - Twisted's name
        addressTypes: Sequence[type[IAddress]] | None = None,  # noqa: N803 - Twisted's name
        transportSemantics: str = "TCP",  # noqa: N803 - Twisted's name
    ) -> IHostResolution:
        """Resolve a host for one port; see Twisted's IHostnameResolver."""
        origin = Origin(hostName.lower(), portNumber)
        receiver: Any = resolutionReceiver
        if origin != self._exempt:
            receiver = _CheckingReceiver(resolutionReceiver, origin, self._refused)
        return super().resolveHostName(receiver, hostName, portNumber, addressTypes, transportSemantics)


@implementer(IResolutionReceiver)
class _CheckingReceiver:
    """Holds the addresses back until all are known, and passes them on only if none is forbidden."""

    def __init__(self, receiver: Any, origin: Origin, refused: dict[Origin, str]) -> None:
        self._receiver = receiver
        self._origin = origin
        self._refused = refused
        self._addresses: list[Any] = []

    def resolutionBegan(self, resolution: IHostResolution) -> None:  # noqa: N802 - Twisted's name
        self._receiver.resolutionBegan(resolution)

    def addressResolved(self, address: Any) -> None:  # noqa: N802 - Twisted's name
        self._addresses.append(address)

    def resolutionComplete(self) -> None:  # noqa: N802 - Twisted's name
        forbidden = [address.host for address in self._addresses if is_forbidden(address.host)]
        if forbidden:
            self._refused[self._origin] = forbidden[0]
        else:
            self._refused.pop(self._origin, None)
            for address in self._addresses:
                self._receiver.addressResolved(address)
        self._receiver.resolutionComplete()
