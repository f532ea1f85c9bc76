"""Images and references from disk: which there are, what people said of them, their pixels."""

from f1cap.corpus.candidates import read_captions
from f1cap.corpus.datasets import bundled_dataset, open_dataset
from f1cap.corpus.image_files import decode_image, digest, open_image, read_image
from f1cap.corpus.references import read_references

__all__ = [
    "bundled_dataset",
    "decode_image",
    "digest",
    "open_dataset",
    "open_image",
    "read_captions",
    "read_image",
    "read_references",
]
