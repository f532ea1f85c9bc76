"""What text layers that look at a picture by cross-attention share, BERT's and GPT-2's alike."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from f1cap.models.decoding.cache import Entries, HeadShape
from f1cap.models.decoding.kernels import Projection, split_heads
from f1cap.models.decoding.vision import portions

if TYPE_CHECKING:
    from torch import Tensor


class CrossLayer:
    """The linear layers of one text layer; a family fills them in and runs them in its order."""

    _heads: int
    _own: Projection  # queries, keys and values of the text
    _own_out: Projection
    _cross_queries: Projection
    _cross_picture: Projection  # keys and values of the picture
    _cross_out: Projection
    _widen: Projection
    _narrow: Projection

    @property
    def projections(self) -> tuple[Projection, ...]:
        """All linear layers."""
        return (
            self._own,
            self._own_out,
            self._cross_queries,
            self._cross_picture,
            self._cross_out,
            self._widen,
            self._narrow,
        )

    def look(self, image: "Tensor") -> tuple["Tensor", "Tensor"]:
        """Project image tokens, [pictures, tokens, width], to keys and values by head."""
        keys, values = self._cross_picture(image).chunk(2, dim=-1)
        return split_heads(keys, self._heads), split_heads(values, self._heads)


def look_once(layers: Sequence[CrossLayer], image: "Tensor", shape: HeadShape) -> Entries:
    """Project pictures for each layer's cross-attention, once for all beams and steps.

    Args:
        layers: Of the text model.
        image: Image tokens, [pictures, tokens, width].
        shape: Of the text model's attention.
    """
    pictures = Entries(shape, len(image), image.shape[1], image)
    for rows, part in portions(image):
        for index, layer in enumerate(layers):
            keys, values = layer.look(part)
            pictures.keys[index][rows] = keys
            pictures.values[index][rows] = values
    return pictures
