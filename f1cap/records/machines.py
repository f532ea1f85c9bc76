"""What a machine computes with: its processor, and the torch build that is installed on it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TorchBuild:
    """The installed torch, as its files say.

    Attributes:
        version: As `2.13.0+cpu`.
        cuda: The CUDA version that it was built with, as `13.0`; None for a build without.
        hip: The same of ROCm, for AMD cards.
    """

    version: str
    cuda: str | None = None
    hip: str | None = None


@dataclass(frozen=True, slots=True)
class Processor:
    """The CPU and its memory.

    Attributes:
        name: None where the system does not say.
        cores: Those that this process may use.
        bfloat16: It has bfloat16 arithmetic of its own; without, half precision is emulated.
        ram_total_bytes: None where the system does not say.
        ram_free_bytes: What a new program can have without others being pushed out.
    """

    name: str | None
    cores: int
    bfloat16: bool
    ram_total_bytes: int | None
    ram_free_bytes: int | None
