"""The errors that a user meets: a sentence, the next step, and the exit code.

Anything else that escapes a command is a bug and stays a traceback.
"""


class F1capError(Exception):
    """A known failure, described in one sentence.

    Attributes:
        message: What failed, with the value that failed.
        hint: What to do next; None where there is nothing to do.
        code: A stable name of the kind of failure, for JSON.
        exit_code: What the process returns when this error ends it.
    """

    code = "error"
    exit_code = 1

    def __init__(self, message: str, *, hint: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


class UsageError(F1capError):
    """Options that cannot be combined, found after the command line was parsed."""

    code = "usage"
    exit_code = 2


class DatasetError(F1capError):
    """A dataset folder or its captions.json cannot be used."""

    code = "dataset"


class ImageError(F1capError):
    """One image cannot be read; the run goes on without it."""

    code = "image"


class UnknownModelError(F1capError):
    """A model name that is not in the catalogue, not a hub id and not a folder."""

    code = "unknown_model"


class UnsupportedModelError(F1capError):
    """A checkpoint of a family that f1cap does not support, or an option that its family lacks."""

    code = "unsupported_model"


class CheckpointError(F1capError):
    """A checkpoint cannot be fetched or read. Subclasses say why."""

    code = "checkpoint"


class OfflineError(CheckpointError):
    """The checkpoint is not on this machine, and the hub must not be used or cannot be reached."""

    code = "offline"


class CheckpointNotFoundError(CheckpointError):
    """The hub has no such repository, revision or file."""

    code = "checkpoint_not_found"


class GatedCheckpointError(CheckpointError):
    """The hub requires an accepted licence or a token."""

    code = "checkpoint_gated"


class CorruptCheckpointError(CheckpointError):
    """The files of a checkpoint are damaged or incomplete."""

    code = "checkpoint_corrupt"


class UnsafeCheckpointError(CheckpointError):
    """The weights are a pickle that would run code."""

    code = "checkpoint_unsafe"


class HubError(CheckpointError):
    """The hub or the connection to it failed: error status, timeout, proxy, certificate."""

    code = "hub"


class DeviceError(F1capError):
    """The requested device cannot be used."""

    code = "device"


class OutOfMemoryError(F1capError):
    """A model or a batch of one image does not fit into memory."""

    code = "out_of_memory"


class StorageError(F1capError):
    """A file of ours cannot be written or read: read-only, full, or held by another run."""

    code = "storage"


class JavaError(F1capError):
    """No Java that works, or one that failed at tokenising or METEOR."""

    code = "java"


class CaptionSetError(F1capError):
    """Captions and references that do not fit together."""

    code = "captions"


class PluginError(F1capError):
    """Another package adds something to f1cap, and its code does not work."""

    code = "plugin"


class MissingExtraError(F1capError):
    """An optional part of f1cap that is not installed."""

    code = "missing_extra"
