"""Images and references: which there are, their references, their pixels."""

from f1cap.corpus.datasets import bundled_dataset, open_dataset
from f1cap.corpus.image_files import decode_image
from f1cap.corpus.items import FileItem, LoadedImage, decode_loaded, open_item
from f1cap.corpus.references import read_references

__all__ = [
    "FileItem",
    "LoadedImage",
    "bundled_dataset",
    "decode_image",
    "decode_loaded",
    "open_dataset",
    "open_item",
    "read_references",
]
