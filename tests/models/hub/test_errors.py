"""What the hub's client raises, as sentences."""

import errno
from collections.abc import Callable

import pytest

from f1cap.models.hub.errors import translate


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: OSError(errno.ENOSPC, "No space left on device"), "The disk filled up"),
        (lambda: OSError(errno.EFBIG, "File too large"), "The disk filled up"),
        (lambda: RuntimeError("I/O error: No space left on device (os error 28)"), "filled up"),
        (lambda: PermissionError(errno.EACCES, "Permission denied", "/c/x"), "/c/x cannot be wri"),
        (lambda: OSError(errno.EROFS, "Read-only file system", "/c/x"), "/c/x cannot be written"),
        (lambda: OSError("Consistency check failed: file should be …"), "does not have the size"),
        (lambda: RuntimeError("CAS service error\nmore"), "CAS service error."),
    ],
)
def test_what_the_system_says_of_a_download(make: Callable[[], Exception], words: str) -> None:
    error = translate(make(), "org/name", None)
    assert words in error.message
    assert "\n" not in error.message
    assert error.hint


def test_what_the_way_to_the_hub_says() -> None:
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, not in __all__

    proxy = translate(httpx.ProxyError("407 Proxy Authentication Required"), "org/name", None)
    assert "proxy refused" in proxy.message
    certificate = httpx.ConnectError("[SSL: CERTIFICATE_VERIFY_FAILED] self-signed certificate")
    assert "certificate of" in translate(certificate, "org/name", None).message
    assert "SSL_CERT_FILE" in (translate(certificate, "org/name", None).hint or "")
