"""Reading, working and writing at the same time: one thread ahead of the work, and one behind it."""

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from types import TracebackType
from typing import ParamSpec, Self, TypeVar

T = TypeVar("T")
P = ParamSpec("P")

_MOST_AHEAD = _MOST_BEHIND = 2
"""What has been fetched and what is still to be written is held in memory."""


def ahead(items: Iterable[T]) -> Generator[T]:
    """The same items; while one is worked on, the next two are fetched in another thread, one after the other.

    Two, because what takes now longer and now shorter keeps nobody waiting then.

    What fetching raises is raised where the item would have come. Closing it early ends the
    thread.

    >>> list(ahead("abc"))
    ['a', 'b', 'c']
    """
    iterator = iter(items)

    def fetch() -> tuple[T] | None:
        try:
            return (next(iterator),)
        except StopIteration:  # may not leave a future
            return None

    thread = ThreadPoolExecutor(1)
    try:
        coming = deque(thread.submit(fetch) for _ in range(_MOST_AHEAD))
        while (fetched := coming.popleft().result()) is not None:
            coming.append(thread.submit(fetch))
            yield fetched[0]
    finally:
        thread.shutdown(cancel_futures=True)


class Behind:
    """A thread that does one thing after the other, at most two things behind; a context manager.

    Leaving the context waits until all is done, also where an exception leaves it. What a task raises is raised by the
    next call of `do`, or by leaving; nothing that was to come after it is done.

    >>> done = []
    >>> with Behind() as later:
    ...     for number in range(4):
    ...         later.do(done.append, number)
    >>> done
    [0, 1, 2, 3]
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1)
        self._waiting: deque[Future[object]] = deque()
        self._failed = False

    def __enter__(self) -> Self:
        return self

    def do(self, task: Callable[P, object], /, *args: P.args, **kwargs: P.kwargs) -> None:
        """Have `task` called with these arguments after all that were given before; waits while two are waiting.

        Raises:
            Exception: what an earlier task raised.

        """
        while len(self._waiting) >= _MOST_BEHIND:
            self._next_done()

        def attempt() -> None:
            if self._failed:
                return
            try:
                task(*args, **kwargs)
            except BaseException:
                self._failed = True
                raise

        self._waiting.append(self._thread.submit(attempt))

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._thread.shutdown()
        while self._waiting and kind is None:  # an exception on its way out is the first, and counts
            self._next_done()

    def _next_done(self) -> None:
        self._waiting.popleft().result()
