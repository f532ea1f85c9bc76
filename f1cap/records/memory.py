"""What a running model occupies."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class MemoryReading:
    """Memory at one moment.

    Attributes:
        rss_bytes: Resident memory of this process.
        vram_process_bytes: This process on its card; None without a card, or where the driver
            does not say.
        vram_total_bytes: The card's memory; None likewise.
    """

    rss_bytes: int | None
    vram_process_bytes: int | None = None
    vram_total_bytes: int | None = None
