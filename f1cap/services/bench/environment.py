"""The machine and the versions that a benchmark's numbers belong to."""

import importlib.metadata
import platform

import f1cap
from f1cap import gpu
from f1cap.models.machine import installed_torch, read_processor
from f1cap.records.benchmarks import Environment, EnvironmentCard


def read_environment(threads: int | None) -> Environment:
    """Return the environment.

    Args:
        threads: What a measured process said of its torch; None where none came so far.
    """
    driver = gpu.read_driver()
    processor = read_processor()
    build = installed_torch()
    return Environment(
        f1cap=f1cap.__version__,
        python=platform.python_version(),
        platform=platform.platform(),
        cpu=processor.name,
        cores=processor.cores,
        ram_bytes=processor.ram_total_bytes,
        gpus=tuple(
            EnvironmentCard(
                card.name,
                None
                if card.compute_capability is None
                else "{}.{}".format(*card.compute_capability),
                card.vram_total_bytes,
            )
            for card in driver.cards
        ),
        driver=driver.driver,
        cuda=None if build is None else build.cuda,
        torch=None if build is None else build.version,
        transformers=_version("transformers"),
        threads=threads,
    )


def _version(library: str) -> str | None:
    try:
        return importlib.metadata.version(library)
    except importlib.metadata.PackageNotFoundError:
        return None
