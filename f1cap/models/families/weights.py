"""A checkpoint folder into memory, and every way in which that fails as an error of ours.

Random numbers where weights are missing would still make fluent captions, so anything but a
complete match between the files and the model is an error.
"""

import json
import re
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from f1cap.errors import CorruptCheckpointError, F1capError, UnsafeCheckpointError
from f1cap.models.hub.cache import PREPROCESSORS, weight_files

_T = TypeVar("_T")

# what torch says of a pickle that names more than tensors, as several releases word it
_CODE_IN_PICKLE = re.compile(
    r"unsupported (global|class|operand)|WeightsUnpickler|whose module .* is blocked", re.IGNORECASE
)
_MAX_NAMES = 3
_MAX_REASON = 200  # characters of a library's message
_LAYER_WEIGHT = re.compile(r"\.(layers?|blocks|h)\.\d+\..*\.weight$")
_TRIAL_SIZE = (40, 30)  # not square: an image processor that keeps the shape shows itself


def load_model(model_class: Any, folder: Path, dtype: Any) -> Any:  # noqa: ANN401 - transformers' types
    """Load a model's weights in a dtype, without running code from the folder.

    Args:
        model_class: The family's class in transformers.
        folder: A local folder; nothing is fetched.
        dtype: torch's dtype; each tensor is converted as it is read, so no second copy is made.

    Raises:
        CorruptCheckpointError: A file is missing, damaged, or of another model.
        UnsafeCheckpointError: The weights are a pickle that would run code.
    """
    files = weight_files(folder)
    if files is None:
        raise CorruptCheckpointError(
            f"{folder} contains no complete weights.",
            hint="It needs model.safetensors or pytorch_model.bin, or all shards of one of them.",
        )
    safe = ".safetensors" in files[0].name

    def load() -> Any:  # noqa: ANN401
        return model_class.from_pretrained(
            folder,
            dtype=dtype,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=safe,
            weights_only=True,
            output_loading_info=True,
        )

    model, info = reading(load, folder, what="weights")
    _require_match(info, files[0].name, folder)
    return model.eval()


def load_image_processor(folder: Path) -> Any:  # noqa: ANN401
    """Load a checkpoint's own image processor, the one that works on Pillow images.

    Raises:
        CorruptCheckpointError: Its file is missing or damaged.
    """
    if not any((folder / name).is_file() for name in PREPROCESSORS):
        raise CorruptCheckpointError(
            f"{folder} has no {PREPROCESSORS[0]}, which says how images are prepared.",
            hint="Download it from the source of the checkpoint.",
        )
    from transformers import AutoImageProcessor

    return reading(
        lambda: AutoImageProcessor.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, backend="pil"
        ),
        folder,
        what="image processor",
    )


def require_pixels(prepare: Callable[[Any], Any], folder: Path, wanted: object) -> None:
    """Try an image processor, so that a mistake in its file fails once, not for each image.

    Args:
        prepare: Makes pixels, [3, height, width], of an image by a checkpoint's own processor.
        folder: Where it came from.
        wanted: The model's image size as its config says it: a side, or height and width.

    Raises:
        CorruptCheckpointError: It fails, or its pixels are not what the model takes.
    """
    from PIL import Image

    def attempt() -> list[int]:
        return list(prepare(Image.new("RGB", _TRIAL_SIZE)).shape)

    shape = reading(attempt, folder, what="image processor")
    sides = list(wanted) if isinstance(wanted, list | tuple) else [wanted, wanted]
    if shape != [3, *sides]:
        made, taken = (" x ".join(map(str, size)) for size in (shape, [3, *sides]))
        raise CorruptCheckpointError(
            f"preprocessor_config.json in {folder} gives {made} pixels; the model takes {taken}.",
            hint="Its size and crop_size must be the image_size of config.json.",
        )


def load_tokenizer(folder: Path, vocab_size: int) -> Any:  # noqa: ANN401
    """Load a checkpoint's tokenizer.

    Args:
        folder: A local folder; nothing is fetched.
        vocab_size: Of the model.

    Raises:
        CorruptCheckpointError: Its files are missing or damaged.
    """
    from transformers import AutoTokenizer

    tokenizer = reading(
        lambda: AutoTokenizer.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False
        ),
        folder,
        what="tokenizer",
    )
    # without its vocabulary a tokenizer still loads, and answers with nothing but [UNK]; models
    # may know a few ids that their tokenizer does not
    if len(tokenizer) < vocab_size // 2:
        raise CorruptCheckpointError(
            f"The tokenizer in {folder} has {len(tokenizer)} of {vocab_size} tokens.",
            hint="It needs tokenizer.json, or vocab.txt, or vocab.json with merges.txt.",
        )
    return tokenizer


def reading(load: Callable[[], _T], folder: Path, *, what: str) -> _T:
    """Run what depends on a folder's files; whatever it raises becomes a sentence about them.

    Args:
        load: May raise anything: a wrong value in a config breaks a library anywhere.
        folder: The checkpoint.
        what: The part of it that is read.

    Raises:
        CorruptCheckpointError: A file is missing, damaged, or contains impossible values.
        UnsafeCheckpointError: The weights are a pickle that would run code.
    """
    try:
        return load()
    except (F1capError, MemoryError):
        raise
    except Exception as error:
        text = str(error)
        if "DefaultCPUAllocator" in text or "out of memory" in text:
            raise
        raise _explain(error, folder, what) from error


def _require_match(info: dict[str, Any], name: str, folder: Path) -> None:
    hint = f"The files in {folder} do not match."
    absent = sorted({*info["missing_keys"], *(entry[0] for entry in info["mismatched_keys"])})
    if absent:
        names = ", ".join(absent[:_MAX_NAMES])
        more = f" and {len(absent) - _MAX_NAMES} more" if len(absent) > _MAX_NAMES else ""
        raise CorruptCheckpointError(
            f"The weights in {name} are incomplete: {names}{more} missing.", hint=hint
        )
    # a head that captioning needs not, or an old buffer, may be left over, but no layer
    left = sorted(key for key in info["unexpected_keys"] if _LAYER_WEIGHT.search(key))
    if left:
        raise CorruptCheckpointError(
            f"{name} contains layers that config.json does not describe, such as {left[0]}.",
            hint=hint,
        )


def _explain(error: Exception, folder: Path, what: str) -> F1capError:
    damaged = _find_damage(folder) if what == "weights" else None
    if damaged is not None:
        name, reason = damaged
        return CorruptCheckpointError(
            f"{name} in {folder} is damaged: {reason}.", hint="Download the file again."
        )
    if _CODE_IN_PICKLE.search(str(error)):
        return UnsafeCheckpointError(
            f"The weights in {folder} are a pickle that would run code; f1cap does not load it.",
            hint="Use a checkpoint with model.safetensors.",
        )
    if "ignore_mismatched_sizes" in str(error):
        return CorruptCheckpointError(
            f"config.json in {folder} does not match the weights beside it: shapes differ.",
            hint=f"The files in {folder} do not match.",
        )
    return CorruptCheckpointError(
        f"The {what} in {folder} cannot be read: {_one_line(error)}",
        hint="Compare the files with their source; f1cap needs config.json, weights, "
        "preprocessor_config.json and the tokenizer's files.",
    )


def _find_damage(folder: Path) -> tuple[str, str] | None:
    """Return the first damaged weights file and what is wrong with it."""
    for path in weight_files(folder) or ():
        if path.suffix == ".json":
            continue
        reason = _safetensors_damage(path) if path.suffix == ".safetensors" else _bin_damage(path)
        if reason is not None:
            return path.name, reason
    return None


def _safetensors_damage(path: Path) -> str | None:
    size = path.stat().st_size
    try:
        with path.open("rb") as file:
            head = file.read(8)
            if len(head) < 8:
                return f"it has {size} bytes"
            (length,) = struct.unpack("<Q", head)
            if length > size - 8:
                return "its header is longer than the file" if size > 1000 else _small_text(path)
            header = json.loads(file.read(length))
        ends = [e["data_offsets"][1] for name, e in header.items() if name != "__metadata__"]
    except (ValueError, KeyError, TypeError, IndexError, AttributeError):
        return "its header cannot be read"
    expected = 8 + length + max(ends, default=0)
    return None if expected == size else f"it has {size:,} of {expected:,} bytes"


def _bin_damage(path: Path) -> str | None:
    size = path.stat().st_size
    if size < 1000:
        return _small_text(path)
    if zipfile.is_zipfile(path):
        try:
            with zipfile.ZipFile(path) as archive:
                bad = archive.testzip()
        except (zipfile.BadZipFile, OSError, EOFError, ValueError):
            return "its archive cannot be read"
        return None if bad is None else f"its part {bad} is corrupted"
    with path.open("rb") as file:
        head = file.read(4)
    if head.startswith(b"PK"):
        return f"it is truncated after {size:,} bytes"
    # the format before torch 1.6 is a bare pickle, which starts with its protocol
    return None if head.startswith(b"\x80") else "it is not a weights file"


def _small_text(path: Path) -> str:
    """Tell a git-lfs pointer, which a clone without git-lfs leaves, from other small files."""
    with path.open("rb") as file:
        start = file.read(64)
    if start.startswith(b"version https://git-lfs"):
        return "it is a git-lfs pointer, not the weights"
    return f"it has {path.stat().st_size} bytes"


def _one_line(error: Exception) -> str:
    text = " ".join(str(error).split())
    return f"{text[:_MAX_REASON]}…" if len(text) > _MAX_REASON else text or type(error).__name__
