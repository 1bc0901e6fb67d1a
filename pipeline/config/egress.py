"""One policy for everything that could carry text off this machine: decided by where a host name
leads, before any client is constructed.

Loopback addresses and Unix sockets are this machine, every other address is not. What leaves it is
refused unless its kind is allowed by name: models by ``--allow-cloud``, everything else by
``--allow-egress``.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pipeline.errors import InputError, SovereigntyError

Kind = Literal["database", "prefect", "task-runner"]
#: What can be allowed by ``--allow-egress``, and what it is to a person.
KINDS: dict[str, str] = {
    "database": "the database",
    "prefect": "the Prefect API",
    "task-runner": "the task runner",
}
#: The password of a URL.
_PASSWORD = re.compile(r"(?<=://)([^/@\s:]*):([^/@\s]+)@")
#: The addresses of a host name; none when it does not resolve.
Resolve = Callable[[str], Sequence[str]]


def resolve(host: str) -> list[str]:
    """Every address that a host name leads to, by this machine's resolver."""
    with suppress(ValueError):
        return [str(ipaddress.ip_address(host))]
    import socket  # `--help` asks for no address

    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        return []
    return sorted({str(entry[4][0]) for entry in found})


def is_loopback(address: str) -> bool:
    """Whether an IP address is this machine's loopback, IPv4 in IPv6 clothing included."""
    try:
        ip = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(ip, "ipv4_mapped", None)
    return (mapped or ip).is_loopback


def is_written_local(host: str) -> bool:
    """Whether a host is local as it is written, asking no resolver: for dry runs."""
    return host.rstrip(".").lower() == "localhost" or is_loopback(host)


@dataclass(frozen=True, slots=True)
class Egress:
    """What may carry text off this machine.

    Args:
        allowed: kinds that may, by name.
    """

    allowed: frozenset[str] = frozenset()
    resolve: Resolve = resolve

    @classmethod
    def allowing(cls, names: Iterable[str]) -> Egress:
        """A policy that allows kinds by name; a name may list several, "database,prefect".

        Raises:
            InputError: there is no such kind.
        """
        allowed = {part.strip() for name in names for part in name.split(",") if part.strip()}
        for unknown in sorted(allowed - KINDS.keys()):
            raise InputError(
                f"there is no {unknown!r} to allow.",
                where="--allow-egress",
                next=f"There are: {', '.join(KINDS)}; a model is allowed by --allow-cloud.",
            )
        return cls(frozenset(allowed))

    def is_local(self, host: str) -> bool:
        """Whether a host is this machine, by every address it leads to.

        Raises:
            SovereigntyError: it leads nowhere, so nobody knows where the text would go.
        """
        addresses = self.resolve(host)
        if not addresses:
            raise SovereigntyError(
                f"the host {host!r} does not resolve, so nobody knows where the text would go.",
                next="Mend the name, or write an address such as 127.0.0.1.",
            )
        return all(map(is_loopback, addresses))

    def check(self, kind: Kind, hosts: Iterable[str]) -> None:
        """Refuse hosts that are not this machine, unless this kind is allowed.

        Raises:
            SovereigntyError: one of them is elsewhere, or does not resolve.
        """
        if kind in self.allowed:
            return
        for host in hosts:
            if not self.is_local(host):
                raise SovereigntyError(
                    f"{KINDS[kind]} at {host} is not on this machine.",
                    next=f"Add --allow-egress {kind} (or set STORYTRANSFORMER_ALLOW_EGRESS) to "
                    "allow it, or use one on this machine.",
                )


def url_hosts(url: str) -> list[str]:
    """The host of an ``http://``, ``dask://``, ``tcp://`` or ``ray://`` address; none when it
    names no other process."""
    try:
        host = urlsplit(url).hostname
    except ValueError as exc:
        raise InputError(
            f"{url!r} is not an address.", next="Write it as http://HOST:PORT."
        ) from exc
    return [host] if host else []


def without_password(text: str) -> str:
    """A URL with its password hidden; any other text as it is."""
    return _PASSWORD.sub(r"\1:…@", text)


def at_address(url: str, address: str) -> str:
    """The same URL, at an address in place of its host name."""
    parts = urlsplit(url)
    host = f"[{address}]" if ":" in address else address
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=host + port).geturl()


def database_hosts(url: str, *, default: str = "") -> list[str]:
    """The hosts that a database URL leads to; none for a file or a Unix socket.

    Args:
        default: where the driver goes when the URL names no host (``PGHOST``).
    """
    if url.startswith("sqlite"):
        return []
    parts = urlsplit(url)
    query = parse_qs(parts.query)
    place = parts.netloc.rpartition("@")[2]
    named = [_without_port(host) for host in unquote(place).split(",") if host]
    for key in ("host", "hostaddr"):
        named += [_without_port(h) for value in query.get(key, ()) for h in value.split(",") if h]
    if "service" in query:
        named.append(f"service {query['service'][0]}")  # a file elsewhere says: never resolves
    named = named or [host for host in default.split(",") if host]
    return [host for host in named if not host.startswith(("/", "@"))]


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.rpartition(":")[0] if host.count(":") == 1 else host
