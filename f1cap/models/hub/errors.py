"""What the hub's client raises, as errors of ours: a sentence and the next step each."""

import errno

from f1cap.errors import (
    CheckpointError,
    CheckpointNotFoundError,
    CorruptCheckpointError,
    GatedCheckpointError,
    HubError,
)
from f1cap.models.hub.cache import cache_root
from f1cap.models.hub.connection import hub_endpoint

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_READ_ONLY = {errno.EACCES, errno.EPERM, errno.EROFS}
_TRY_AGAIN = "Try again later; what arrived is kept."


def translate(error: Exception, repo: str, revision: str | None) -> CheckpointError:
    """Return the error of ours for an exception of the hub's client.

    Args:
        error: What the client raised.
        repo: The hub id that was asked for.
        revision: The revision that was asked for; None for `main`.
    """
    from huggingface_hub import errors
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, not in __all__

    host = hub_endpoint().partition("://")[2]
    if isinstance(error, errors.LocalEntryNotFoundError) and isinstance(error.__cause__, Exception):
        # the client tells of the missing cache entry, and keeps the reason behind it
        return translate(error.__cause__, repo, revision)
    if isinstance(error, errors.HfHubHTTPError):
        return _of_answer(error, repo, revision, host)
    if isinstance(error, httpx.TransportError):
        return _of_transport(error, repo, host)
    return _of_system(error, repo, host)


def _of_answer(error: Exception, repo: str, revision: str | None, host: str) -> CheckpointError:
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        return GatedCheckpointError(
            f"{repo} is gated: the hub wants its licence accepted first.",
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
    return _of_status(error.response.status_code, repo, host)  # type: ignore[attr-defined]  # an HfHubHTTPError


def _of_status(status: int, repo: str, host: str) -> CheckpointError:
    if status in {401, 403}:
        return GatedCheckpointError(
            f"{host} refuses {repo} to this token or without one ({status}).",
            hint="Set HF_TOKEN to a token that may read it, or unset a stale one.",
        )
    if status == 429:
        return HubError(f"{host} asks for fewer requests (429).", hint="Wait, or set HF_TOKEN.")
    return HubError(f"{host} answered {status} while {repo} was fetched.", hint=_TRY_AGAIN)


def _of_transport(error: Exception, repo: str, host: str) -> CheckpointError:
    from huggingface_hub.utils import httpx  # type: ignore[attr-defined]  # public, not in __all__

    if isinstance(error, httpx.ProxyError):
        return HubError(
            f"The proxy refused the way to {host}: {_first_line(error)}.",
            hint="Check HTTPS_PROXY and NO_PROXY.",
        )
    if isinstance(error, httpx.TimeoutException):
        return HubError(f"{host} stopped answering while {repo} was fetched.", hint=_TRY_AGAIN)
    text = str(error)
    if "CERTIFICATE_VERIFY_FAILED" in text or "SSL" in text:
        return HubError(
            f"The certificate of {host} was not accepted: {_first_line(error)}.",
            hint="Behind a company proxy, set SSL_CERT_FILE to its certificate file.",
        )
    return HubError(
        f"The connection to {host} broke while {repo} was fetched: {_first_line(error)}.",
        hint=_TRY_AGAIN,
    )


def _of_system(error: Exception, repo: str, host: str) -> CheckpointError:
    number = getattr(error, "errno", None)
    if number in _FULL or "No space left" in str(error):
        return CheckpointError(
            f"The disk filled up while {repo} was fetched into {cache_root()}.",
            hint="Make room, or set HF_HOME to a folder on another disk; what arrived is kept.",
        )
    if number in _READ_ONLY:
        place = getattr(error, "filename", None) or cache_root()
        return CheckpointError(
            f"{repo} cannot be stored: {place} cannot be written.",
            hint="Set HF_HOME to a folder that can be.",
        )
    if "Consistency check failed" in str(error):
        return CorruptCheckpointError(
            f"A file of {repo} arrived with another size than {host} announced.",
            hint="Nothing of it was kept; run again.",
        )
    return _failed(error, repo, host)


def _failed(error: Exception, repo: str, host: str) -> CheckpointError:
    return HubError(
        f"{repo} could not be fetched from {host}: {_first_line(error)}.", hint=_TRY_AGAIN
    )


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[0] if lines else type(error).__name__).rstrip(".")
