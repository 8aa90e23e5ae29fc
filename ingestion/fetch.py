"""Downloads one document by URL, behind a guard against server-side request forgery (SSRF).

Only http and https to public addresses: the host's name is resolved here, every address it has is
checked, and the connection goes to the checked address itself, so that a second, different answer
of the name server (DNS rebinding) is never asked for. Every redirect is checked like the first URL.
"""

from __future__ import annotations

import hashlib
import ipaddress
import os
import re
import socket
import tempfile
import time
from collections.abc import Collection
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING
from urllib.parse import unquote

from ingestion.errors import LecternError
from ingestion.readers.registry import FORMATS

if TYPE_CHECKING:
    import httpx

MAX_REDIRECTS = 5
_TYPES = {
    "application/pdf": ".pdf",
    "application/epub+zip": ".epub",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/x-ipynb+json": ".ipynb",
    "application/x-subrip": ".srt",
    "application/xhtml+xml": ".xhtml",
    "text/html": ".html",
    "text/markdown": ".md",
    "text/plain": ".txt",
    "text/vtt": ".vtt",
}
_VAGUE = frozenset({"", "application/octet-stream", "binary/octet-stream", "application/json"})
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


class FetchFailed(LecternError):
    """A URL was refused, or what it names could not be downloaded."""


def fetch_url(
    url: str,
    folder: Path,
    *,
    max_mb: float = 100.0,
    seconds: float = 60.0,
    allowed: Collection[str] = (),
) -> Path:
    """Download `url` into `folder` and give the file's path; the same URL gives the same name.

    `max_mb` (10⁶ bytes) and `seconds` cap the whole download. `allowed` names `host:port` pairs
    that need not be public nor on port 80 or 443. Raises `FetchFailed`.
    """
    import httpx

    deadline = time.monotonic() + seconds
    target = _parsed(url)
    # no proxies from the environment: behind one, the address checked would not be the one used
    with httpx.Client(trust_env=False, follow_redirects=False) as client:
        try:
            for _ in range(MAX_REDIRECTS + 1):
                request = _pinned(client, target, allowed, deadline)
                response = client.send(request, stream=True)
                try:
                    if not response.has_redirect_location:
                        return _stored(response, target, folder, max_mb, deadline)
                    target = target.join(response.headers["location"])
                finally:
                    response.close()
        except httpx.HTTPError as error:
            raise FetchFailed(
                f"{url} could not be downloaded ({type(error).__name__}: {error}).",
                "Check the address and the network, or download it yourself and ingest the file.",
            ) from error
    raise FetchFailed(
        f"{url} redirects more than {MAX_REDIRECTS} times.", "Give its final address."
    )


def _parsed(url: str) -> httpx.URL:
    import httpx

    try:
        return httpx.URL(url)
    except httpx.InvalidURL as error:
        raise FetchFailed(f"'{url}' is not a URL ({error}).", "Give one like https://…") from error


def _pinned(
    client: httpx.Client, url: httpx.URL, allowed: Collection[str], deadline: float
) -> httpx.Request:
    """A request to the checked address of `url`, with its name where HTTP and TLS want it."""
    address = _checked_address(url, allowed)
    left = max(0.1, min(15.0, deadline - time.monotonic()))
    return client.build_request(
        "GET",
        url.copy_with(host=address),
        headers={
            "Host": url.netloc.decode("ascii"),
            "User-Agent": "lectern",
            "Accept-Encoding": "identity",
        },
        extensions={"sni_hostname": url.raw_host.decode("ascii")},
        timeout=left,
    )


def _checked_address(url: httpx.URL, allowed: Collection[str]) -> str:
    """The IP address to connect to. Raises `FetchFailed` for whatever is not plainly public."""
    if url.scheme not in ("http", "https") or not url.host:
        raise FetchFailed(f"{url} is not an http or https address.", "Give one like https://…")
    if url.userinfo:
        raise FetchFailed(
            f"The address of {url.host} carries a user name or password.",
            "Download the file yourself and ingest it from disk.",
        )
    port = url.port or {"http": 80, "https": 443}[url.scheme]
    exempt = f"{url.host}:{port}" in allowed
    if port not in (80, 443) and not exempt:
        raise FetchFailed(f"{url} asks for port {port}.", "Only ports 80 and 443 are fetched from.")
    try:
        found = socket.getaddrinfo(url.raw_host.decode("ascii"), port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise FetchFailed(
            f"The host {url.host} is not known ({error}).", "Check the address and the network."
        ) from error
    addresses = [str(entry[4][0]).partition("%")[0] for entry in found]
    for address in addresses:
        if not exempt and not is_public(address):
            raise FetchFailed(
                f"{url.host} has the address {address}, which is not a public one.",
                "Only documents on the public web are fetched; ingest local files by their path.",
            )
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an IP address belongs to the public internet, looked at through any tunnel."""
    ip = ipaddress.ip_address(address)
    if isinstance(ip, ipaddress.IPv6Address):
        if ip.ipv4_mapped is not None:
            ip = ip.ipv4_mapped
        elif ip.sixtofour is not None or ip.teredo is not None or ip in _NAT64:
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _stored(
    response: httpx.Response, url: httpx.URL, folder: Path, max_mb: float, deadline: float
) -> Path:
    if response.status_code != 200:
        raise FetchFailed(
            f"{url} answers {response.status_code} {response.reason_phrase}.",
            "Check that the address works in a browser without logging in.",
        )
    path = folder / _file_name(url, response.headers.get("content-type", ""))
    folder.mkdir(parents=True, exist_ok=True)
    size = 0
    descriptor, name = tempfile.mkstemp(dir=folder, prefix=".fetching-")
    partial = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            for part in response.iter_bytes():
                size += len(part)
                if size > max_mb * 1e6:
                    raise FetchFailed(
                        f"{url} is larger than {max_mb:g} MB.",
                        "Download it yourself, and split it or raise the limit.",
                    )
                if time.monotonic() > deadline:
                    raise FetchFailed(f"{url} took too long to download.", "Try again later.")
                file.write(part)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _file_name(url: httpx.URL, content_type: str) -> str:
    """`host_path.suffix`; the content type decides the suffix where the path's does not fit it."""
    kind = content_type.partition(";")[0].strip().lower()
    path = PurePosixPath(unquote(url.path))
    suffix = path.suffix.lower()
    if kind == "text/plain" or kind in _VAGUE:
        suffix = suffix if suffix in FORMATS else _TYPES.get(kind, "")
    elif kind not in _TYPES:
        suffix = ""
    elif FORMATS.get(suffix) != FORMATS[_TYPES[kind]]:
        suffix = _TYPES[kind]
    if not suffix:
        raise FetchFailed(
            f"{url} is of the type '{kind or 'unknown'}', which no reader reads.",
            "Download it, convert it and ingest the file.",
        )
    known = path.with_suffix("") if path.suffix.lower() in FORMATS else path
    slug = re.sub(r"[^\w.-]+", "_", f"{url.host}{known}").strip("_.")[:100]
    query = hashlib.sha256(url.query).hexdigest()[:8] if url.query else ""
    return f"{slug}{'_' if query else ''}{query}{suffix}"
