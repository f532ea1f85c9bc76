"""Caption photographs with small vision-language models, and find the best one for them."""

__version__ = "0.1.0"
