"""Work done ahead by a few threads, handed over in order, never more than a few results early."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


def prefetch(
    work: Callable[[Item], Result], items: Iterable[Item], *, workers: int, ahead: int
) -> Iterator[Result]:
    """Yield `work(item)` in the order of the items.

    Args:
        work: Called in a thread; what it raises is raised here, in its turn.
        items: Drawn as they are needed, from the caller's thread.
        workers: Threads.
        ahead: Results that may lie waiting, which bounds the memory they take.
    """
    pool = ThreadPoolExecutor(workers, thread_name_prefix="f1cap-pictures")
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        # After Ctrl-C nobody wants the rest; what has begun is short.
        pool.shutdown(wait=True, cancel_futures=True)
