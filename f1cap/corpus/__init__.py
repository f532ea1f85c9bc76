"""Pictures and references from disk: which there are, what people said of them, their pixels."""

from f1cap.corpus.candidates import read_captions
from f1cap.corpus.datasets import bundled_dataset, open_dataset
from f1cap.corpus.pictures import decode_picture, digest, open_picture, read_picture
from f1cap.corpus.references import read_references

__all__ = [
    "bundled_dataset",
    "decode_picture",
    "digest",
    "open_dataset",
    "open_picture",
    "read_captions",
    "read_picture",
    "read_references",
]
