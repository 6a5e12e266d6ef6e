"""Calling addresses that somebody typed in, without letting them reach what only this server can reach.

The name is resolved here, every address it stands for is judged, and the connection goes to the very address that was
judged: a name server that changes its mind in between changes nothing. Nothing is followed, nothing is kept open.
"""

from __future__ import annotations

import io
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import urllib3
from django.conf import settings
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import HTTPError, NewConnectionError

CONNECT_SECONDS = 5.0
READ_SECONDS = 10.0
TOTAL_SECONDS = 20.0
BODY_MAX = 64 * 1024
PORTS_REFUSED = frozenset(
    {0, 20, 21, 22, 23, 25, 53, 110, 111, 135, 139, 143, 389, 445, 465, 587, 636, 993, 995}
)
"""Ports where something else than the web listens, even on public machines."""

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
Network = ipaddress.IPv4Network | ipaddress.IPv6Network

_NAT64 = (ipaddress.IPv6Network("64:ff9b::/96"), ipaddress.IPv6Network("64:ff9b:1::/48"))
_REFUSED = tuple(
    ipaddress.ip_network(text)
    for text in (
        "0.0.0.0/8",
        "100.64.0.0/10",  # shared by carriers, and by clouds for their own services
        "192.0.0.0/24",
        "192.88.99.0/24",
        "198.18.0.0/15",
        "168.63.129.16/32",  # a cloud's own address that looks public
        "::/96",  # IPv4 in IPv6, long deprecated
        "100::/64",
        "fec0::/10",
    )
)


class RefusedAddressError(ValueError):
    """The address must not be called; the message says why."""


class CallFailedError(Exception):
    """The address was called, and did not answer as it should."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    body: str
    seconds: float
    address: str
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in small letters."""
    is_cut: bool = False
    """Whether more came than was wanted."""


def allowed_networks() -> tuple[Network, ...]:
    """Return the private networks that the operator opened (``ROADBED_WEBHOOK_ALLOW``)."""
    return tuple(ipaddress.ip_network(text, strict=False) for text in settings.ROADBED_WEBHOOK_ALLOW)


def _within(address: Address) -> Address:
    """Return the IPv4 address that an IPv6 address carries, or the address itself."""
    if isinstance(address, ipaddress.IPv6Address):
        if address.ipv4_mapped is not None:
            return address.ipv4_mapped
        if address.sixtofour is not None:
            return address.sixtofour
        if address.teredo is not None:
            return address.teredo[1]
        if any(address in network for network in _NAT64):
            return ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF)
    return address


def check_address(text: str, *, allow: Sequence[Network] = ()) -> None:
    """Let a public address pass, and one that is allow-listed.

    Raises
    ------
    RefusedAddressError
        For private, loopback, link-local, shared, multicast and reserved addresses, however they are wrapped.
    """
    address: Address = ipaddress.ip_address(text.partition("%")[0])
    inner = _within(address)
    if any(one in network for network in allow for one in (address, inner) if one.version == network.version):
        return
    for one in (address, inner):
        if (
            one.is_private
            or one.is_loopback
            or one.is_link_local
            or one.is_multicast
            or one.is_reserved
            or one.is_unspecified
            or any(one in network for network in _REFUSED if one.version == network.version)
        ) and not (one is address and inner is not address):
            raise RefusedAddressError(
                f"{address} is not a public address. The operator can allow its network (ROADBED_WEBHOOK_ALLOW)."
            )


def check_url(url: str) -> None:
    """Refuse what can be seen to be wrong in an address before anything is resolved.

    Raises
    ------
    RefusedAddressError
        If it is not http or https, has no host, names a user, or a port of another kind of service.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise RefusedAddressError(f"This is not an address: {error}.") from error
    if parts.scheme not in {"http", "https"}:
        raise RefusedAddressError("The address must begin with https:// or http://.")
    if not parts.hostname or any(character.isspace() or ord(character) < 32 for character in url):
        raise RefusedAddressError("The address names no host.")
    if parts.username is not None or parts.password is not None:
        raise RefusedAddressError("The address must not carry a user or a password.")
    if port is not None and port in PORTS_REFUSED:
        raise RefusedAddressError(f"Port {port} belongs to another kind of service.")
    try:
        literal = ipaddress.ip_address(parts.hostname.partition("%")[0])
    except ValueError:
        return
    check_address(str(literal), allow=allowed_networks())


def resolve(host: str, port: int) -> list[str]:
    """Return the addresses that a name stands for."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


def connect(host: str, port: int, *, timeout: float) -> socket.socket:
    """Open a socket to a host that somebody typed in, at an address that was judged an instant before.

    Raises
    ------
    RefusedAddressError
        If the name stands for an address that must not be reached.
    CallFailedError
        If the name cannot be resolved.
    OSError
        If nothing answers there.
    """
    try:
        addresses = resolve(host.strip("[]"), port)
    except (socket.gaierror, UnicodeError) as error:
        raise CallFailedError(f"The name {host} cannot be resolved.") from error
    allow = allowed_networks()
    for address in addresses:
        # One bad address condemns the name: which one is reached must not be luck.
        check_address(address, allow=allow)
    last: OSError = ConnectionError("it has no address")
    for address in addresses[:3]:
        try:
            opened = socket.create_connection((address, port), timeout=timeout)
        except OSError as error:
            last = error
            continue
        opened.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        return opened
    raise last


class _Guarded:
    """Opens the socket of a connection itself, to an address that was judged an instant before."""

    _dns_host: str
    port: int
    timeout: Any
    reached: str = ""

    def _new_conn(self) -> socket.socket:
        try:
            opened = connect(self._dns_host, self.port, timeout=self.timeout)
        except OSError as error:
            raise NewConnectionError(self, f"{self._dns_host} does not answer: {error}") from error  # type: ignore[arg-type]  # it is a connection
        self.reached = str(opened.getpeername()[0])
        return opened


class _GuardedHttp(_Guarded, HTTPConnection):
    """Plain HTTP through the guard."""


class _GuardedHttps(_Guarded, HTTPSConnection):
    """TLS through the guard: the certificate is checked against the name, not the address."""


def _connection(*, scheme: str, host: str, port: int) -> _GuardedHttp | _GuardedHttps:
    if scheme == "http":
        return _GuardedHttp(host, port, timeout=CONNECT_SECONDS)
    context = ssl.create_default_context()
    return _GuardedHttps(
        host,
        port,
        timeout=CONNECT_SECONDS,
        ssl_context=context,
        cert_reqs="CERT_REQUIRED",
        server_hostname=host,
    )


def post(url: str, *, body: bytes, headers: Mapping[str, str], total: float = TOTAL_SECONDS) -> Answer:
    """Send a body and return the answer, its text cut to `BODY_MAX`; see `call`."""
    return call("POST", url, body=body, headers=headers, total=total)


def get(
    url: str, *, headers: Mapping[str, str], total: float = TOTAL_SECONDS, most: int = BODY_MAX
) -> Answer:
    """Ask for what is at an address; see `call`."""
    return call("GET", url, headers=headers, total=total, most=most)


def call(
    verb: str,
    url: str,
    *,
    headers: Mapping[str, str],
    body: bytes | None = None,
    total: float = TOTAL_SECONDS,
    most: int = BODY_MAX,
) -> Answer:
    """Call an address and return its answer; redirects are answers like any other.

    Parameters
    ----------
    total : float
        Seconds for everything together, however slowly the other side drips its bytes.
    most : int
        How many bytes of the answer are read.

    Raises
    ------
    RefusedAddressError
        If the address must not be called.
    CallFailedError
        If there was no answer in time, or none that can be read.
    """
    check_url(url)
    parts = urlsplit(url)
    host = str(parts.hostname)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    began = time.monotonic()
    connection = _connection(scheme=parts.scheme, host=host, port=port)
    opened: socket.socket | None = None
    try:
        connection.connect()
        opened = connection.sock
        if opened is not None:
            opened.settimeout(min(READ_SECONDS, max(0.1, total - (time.monotonic() - began))))
        connection.request(
            verb,
            target,
            body=body,
            headers={"Host": parts.netloc, "Connection": "close", **headers},
            preload_content=False,
            decode_content=False,
        )
        response = _head(connection, deadline=began + total)
        text, is_cut = _read(response, most=most)
        return Answer(
            status=response.status,
            body=text,
            seconds=time.monotonic() - began,
            address=connection.reached,
            headers={name.lower(): value for name, value in response.headers.items()},
            is_cut=is_cut,
        )
    except (RefusedAddressError, CallFailedError):
        raise
    except ssl.SSLError as error:
        raise CallFailedError(f"TLS failed: {error.reason or error}.") from error
    except (HTTPError, OSError, ValueError) as error:
        raise CallFailedError(_words(error)) from error
    finally:
        connection.close()
        if opened is not None:
            opened.close()


def _head(connection: _GuardedHttp | _GuardedHttps, *, deadline: float) -> urllib3.BaseHTTPResponse:
    """Read status line and headers, with the clock watched: each byte alone could otherwise prolong the wait."""
    opened = connection.sock
    if opened is None:
        raise CallFailedError("The connection was closed.")
    watched = _Deadline(opened, deadline=deadline)
    connection.sock = watched  # it passes everything else on to the socket
    return connection.getresponse()


class _Deadline:
    """A socket that gives each read no more than what is left of the whole."""

    def __init__(self, opened: socket.socket, *, deadline: float) -> None:
        self._opened = opened
        self._deadline = deadline

    def makefile(self, *args: Any, **kwargs: Any) -> io.BufferedReader:
        """Return a buffered reader over this socket."""
        return io.BufferedReader(_Reader(self._opened, deadline=self._deadline))

    def close(self) -> None:
        """Stay open: the connection lets go once the head is read, while the body is still to come."""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._opened, name)


class _Reader(io.RawIOBase):
    """Reads from a socket until a moment, not longer."""

    def __init__(self, opened: socket.socket, *, deadline: float) -> None:
        super().__init__()
        self._opened = opened
        self._deadline = deadline

    def readable(self) -> bool:
        """It reads."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read what has come, or wait for as long as is left."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise CallFailedError("The answer took too long.")
        self._opened.settimeout(min(left, READ_SECONDS))
        return self._opened.recv_into(buffer)


def _read(response: urllib3.BaseHTTPResponse, *, most: int) -> tuple[str, bool]:
    """Return the beginning of the body, and whether there is more, which is left unread."""
    parts: list[bytes] = []
    size, is_cut = 0, False
    while True:
        part = response.read(min(65_536, most - size), decode_content=False) if size < most else b""
        if not part:
            is_cut = size >= most
            break
        parts.append(part)
        size += len(part)
    return b"".join(parts).decode("utf-8", errors="replace").replace("\x00", ""), is_cut


def _words(error: Exception) -> str:
    if isinstance(error, TimeoutError):
        return "It did not answer in time."
    return f"{str(error) or type(error).__name__}"[:300]
