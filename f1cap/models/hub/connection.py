"""Whether the hub may be asked and can be reached, answered at once.

The hub's client retries for many seconds before it says that there is no network.
"""

import os
import socket
import threading
import urllib.parse
import urllib.request

from f1cap.errors import OfflineError

DEFAULT_ENDPOINT = "https://huggingface.co"
_TIMEOUT_S = 1.2
_OFFLINE_VARIABLES = ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE")
_TRUE = {"1", "ON", "YES", "TRUE"}
_PORTS = {"http": 80, "https": 443}


def hub_endpoint() -> str:
    """Return the hub's address, with `HF_ENDPOINT` honoured."""
    return (os.environ.get("HF_ENDPOINT") or DEFAULT_ENDPOINT).rstrip("/")


def offline_variable() -> str | None:
    """Return the set variable that forbids asking the hub, as `NAME=value`, or None."""
    for name in _OFFLINE_VARIABLES:
        value = os.environ.get(name, "")
        if value.upper() in _TRUE:
            return f"{name}={value}"
    return None


def require_reachable(what: str, *, hint: str) -> None:
    """Return if the hub, or the proxy in front of it, accepts a connection.

    The timeout is a little over a second, or `HF_HUB_ETAG_TIMEOUT` where that is set.

    Args:
        what: What is to be downloaded, as the sentence's subject.
        hint: What to do without it.

    Raises:
        OfflineError: There is no connection.
    """
    endpoint = hub_endpoint()
    via, host, port = _route(endpoint)
    if host is None:
        raise OfflineError(
            f"{what} cannot be downloaded: {via} is not a valid URL.",
            hint=f"Correct HF_ENDPOINT or the proxy variables. {hint}",
        )
    reason = _connect(host, port, _timeout_s())
    if reason is not None:
        raise OfflineError(
            f"{what} is not downloaded, and {via} cannot be reached: {reason}.", hint=hint
        )


def _route(endpoint: str) -> tuple[str, str | None, int]:
    """Return what to call the first hop, its host (None if it has none) and its port."""
    target = urllib.parse.urlsplit(endpoint)
    if target.scheme not in _PORTS or not target.hostname:
        return f"HF_ENDPOINT={endpoint}", None, 0
    proxies = urllib.request.getproxies()
    proxy = proxies.get(target.scheme) or proxies.get("all")
    if proxy and not urllib.request.proxy_bypass(target.hostname):
        hop = urllib.parse.urlsplit(proxy if "://" in proxy else f"http://{proxy}")
        try:
            port = hop.port or (
                1080 if hop.scheme.startswith("socks") else _PORTS.get(hop.scheme, 80)
            )
        except ValueError:
            return "the proxy", None, 0
        return f"the proxy {hop.hostname}:{port}", hop.hostname, port
    try:
        port = target.port or _PORTS[target.scheme]
    except ValueError:
        return f"HF_ENDPOINT={endpoint}", None, 0
    return f"the hub ({target.netloc})", target.hostname, port


def _connect(host: str, port: int, timeout_s: float) -> str | None:
    """Return why a connection failed, or None.

    In another thread: looking up a host name has no timeout, and without network it can take
    half a minute.
    """
    results: list[str | None] = []

    def attempt() -> None:
        try:
            with socket.create_connection((host, port), timeout=timeout_s):
                results.append(None)
        except (OSError, UnicodeError) as error:
            results.append(getattr(error, "strerror", None) or str(error) or "no connection")

    thread = threading.Thread(target=attempt, name="f1cap-connect", daemon=True)
    thread.start()
    thread.join(timeout_s)
    return results[0] if results else f"no answer within {timeout_s:g} s"


def _timeout_s() -> float:
    try:
        return max(0.1, float(os.environ["HF_HUB_ETAG_TIMEOUT"]))
    except (KeyError, ValueError):
        return _TIMEOUT_S
