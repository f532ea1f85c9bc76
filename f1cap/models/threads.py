"""How many threads compute and how many prepare pictures, decided in one place. Imports no torch.

On a processor both want the same cores. torch's threads meet after each operation, a thousand
times a second, so every core that something else holds stalls the others: the pool gets as few
workers as keep up, and threads that wait go to sleep soon. (On two cores that other programs used
as well, spinning without end made a run of git-mini 9 to 33 s long and sleeping 1.3 s.) On a card
the processor has nothing to do but to prepare pictures.
"""

import os

# A model this small is done with an operation before a second thread has woken up: git-mini, 200
# pictures, 3 runs of each in turns: 57 to 66 images/s with one thread, 42 to 45 with two.
_TINY_PARAMETERS = 20_000_000
_MAX_WORKERS = 8  # decoding is bound by memory beyond that
# Some microseconds: as long as the slower thread of an operation takes. GIT-base in bfloat16 on two
# cores, 3 runs of each in turns: 0.169 s a picture instead of 0.19 to 0.20 with none; beside a
# program that uses a core, 0.36 s instead of 0.33, and 0.60 s with ten times as many.
_SPINS = 2_000
_OPENMP_SETTINGS = frozenset({"OMP_WAIT_POLICY", "GOMP_SPINCOUNT"})


def usable_cores() -> int:
    """Return the cores that this process may run on, which in a container can be few of many."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def model_threads(parameters: int, cores: int) -> int:
    """Return torch's number of threads for a model on a processor."""
    return 1 if parameters < _TINY_PARAMETERS else cores


def picture_workers(device: str, cores: int, threads: int) -> int:
    """Return the number of threads that open and prepare pictures ahead of the model.

    Args:
        device: As torch names it.
        cores: Those that the process may use.
        threads: The model's, if it runs on the processor.
    """
    if device == "cpu" and threads > 1:
        return max(1, min(_MAX_WORKERS, cores // 2))
    return max(1, min(_MAX_WORKERS, cores))


def let_idle_threads_sleep() -> None:
    """Ask OpenMP for threads that spin for a moment, then sleep. Not effective once torch is there.

    A user's own settings win.
    """
    if not _OPENMP_SETTINGS & os.environ.keys():
        os.environ["OMP_WAIT_POLICY"] = "PASSIVE"
        os.environ["GOMP_SPINCOUNT"] = str(_SPINS)  # GNU's alone, torch's on Linux
