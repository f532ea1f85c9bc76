"""What the hub's client raises, as f1cap's errors: a sentence and the next step each."""

import errno

from f1cap.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    GatedCheckpointError,
    HubError,
)
from f1cap.models.device.torch_build import pip_command
from f1cap.models.hub.cache import cache_root
from f1cap.models.hub.connection import hub_endpoint

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_TRY_AGAIN = "Try again later; the download resumes where it stopped."


def translate(error: Exception, repo: str, revision: str | None) -> CheckpointError:
    """Return f1cap's error for an exception of the hub's client.

    Args:
        error: What the client raised.
        repo: The hub id that was asked for.
        revision: The revision that was asked for; None for `main`.
    """
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, not in __all__

    host = hub_endpoint().partition("://")[2]
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        # the client reports the missing cache entry, and chains the reason
        return translate(error.__cause__, repo, revision)
    if isinstance(error, errors.HfHubHTTPError):
        return _from_response(error, repo, revision, host)
    if isinstance(error, httpx.TransportError):
        return _from_transport(error, repo, host)
    if isinstance(error, ImportError) and "SOCKS" in str(error):
        return HubError(
            f"{repo} cannot be downloaded through the SOCKS proxy of this machine: the package for "
            "it, socksio, is not installed.",
            hint=f'Install it: {pip_command()} install "httpx[socks]"',
        )
    return _from_system(error, repo, host)


def _from_response(error: Exception, repo: str, revision: str | None, host: str) -> CheckpointError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return GatedCheckpointError(
            f"{repo} is gated: its licence must be accepted on the hub first.",
            hint=f"Accept it at {hub_endpoint()}/{repo}, then set HF_TOKEN or run `hf auth login`.",
        )
    if isinstance(error, errors.RevisionNotFoundError):
        return CheckpointNotFoundError(
            f"{repo} has no revision {revision or 'main'} on {host}.",
            hint="Leave the @revision out, or take a commit from the repository's history.",
        )
    if isinstance(error, errors.RepositoryNotFoundError):
        return CheckpointNotFoundError(
            f"There is no checkpoint {repo} on {host}, or it is private.",
            hint="Check the spelling; for a private one set HF_TOKEN or run `hf auth login`.",
        )
    if isinstance(error, errors.EntryNotFoundError):
        return CheckpointNotFoundError(
            f"{repo} lacks a file that a checkpoint needs: {_first_line(error)}",
            hint="Choose another checkpoint; `f1cap models` lists those that work.",
        )
    return _from_status(error.response.status_code, repo, host)  # type: ignore[attr-defined]  # an HfHubHTTPError


def _from_status(status: int, repo: str, host: str) -> CheckpointError:
    if status in {401, 403}:
        return GatedCheckpointError(
            f"{host} denied access to {repo} (HTTP {status}).",
            hint="Set HF_TOKEN to a token that may read it, or unset one that has expired.",
        )
    if status == 429:
        return HubError(
            f"{host} limits the rate of requests (HTTP 429).", hint="Wait, or set HF_TOKEN."
        )
    return HubError(f"{host} answered HTTP {status} while {repo} was downloaded.", hint=_TRY_AGAIN)


def _from_transport(error: Exception, repo: str, host: str) -> CheckpointError:
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, not in __all__

    if isinstance(error, httpx.ProxyError):
        return HubError(
            f"The proxy refused to connect to {host}: {_first_line(error)}.",
            hint="Check HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, httpx.TimeoutException):
        return HubError(f"{host} stopped answering while {repo} was downloaded.", hint=_TRY_AGAIN)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in text:
        return HubError(
            f"The certificate of {host} was not accepted: {_first_line(error)}.",
            hint="Behind a company proxy, set SSL_CERT_FILE to its certificate file.",
        )
    return HubError(
        f"The connection to {host} broke while {repo} was downloaded: {_first_line(error)}.",
        hint=_TRY_AGAIN,
    )


def _from_system(error: Exception, repo: str, host: str) -> CheckpointError:
    number = getattr(error, "errno", None)
    if number in _FULL or "No space left" in str(error):
        return CheckpointError(
            f"The disk filled up while {repo} was downloaded to {cache_root()}.",
            hint="Free some space and run again, or set HF_HOME to a folder on another disk.",
        )
    if number in _READ_ONLY:
        path = getattr(error, "filename", None) or cache_root()
        return CheckpointError(
            f"{repo} cannot be stored: {path} cannot be written.",
            hint="Set HF_HOME to a folder that can be written.",
        )
    if "Consistency check failed" in str(error):
        return CorruptCheckpointError(
            f"A file of {repo} does not have the size that {host} announced.",
            hint="It was discarded; run again to download it.",
        )
    return _failed(error, repo, host)


def _failed(error: Exception, repo: str, host: str) -> CheckpointError:
    return HubError(
        f"{repo} could not be downloaded from {host}: {_first_line(error)}.", hint=_TRY_AGAIN
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
