"""The protocol between the services and a model, whatever its family."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Protocol

from f1cap.records.captions import Generation
from f1cap.records.models import Decoding, ModelSpec, Placement

if TYPE_CHECKING:
    from PIL.Image import Image

# bytes done, bytes in all, file name
DownloadListener = Callable[[int, int, str], None]


class Captioner(Protocol):
    """A loaded model. Close it before the next one is loaded."""

    spec: ModelSpec
    placement: Placement
    revision: str
    threads: int  # that an operation may use, on a CPU

    @property
    def input_side(self) -> int | None:
        """Pixels on a side of what the model looks at; None where it follows the image."""
        ...

    def preprocess(self, image: "Image") -> Any:  # noqa: ANN401 - an opaque token between the two calls
        """Turn one RGB image into what `generate` takes. Safe to call from several threads."""
        ...

    def generate(
        self, prepared: Sequence[Any], decoding: Decoding, prompt: str | None = None
    ) -> list[Generation]:
        """Caption a batch, in order; the same captions as one at a time.

        Raises:
            OutOfMemoryError: The batch does not fit; a smaller one may.
            UnsupportedModelError: A prompt was given to a family that takes none.
        """
        ...

    def close(self) -> None:
        """Free the model's memory, on the GPU too. Calling it twice is harmless."""
        ...
