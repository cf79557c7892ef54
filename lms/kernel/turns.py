"""Taking turns: whoever came first goes first, whether waiting in a thread or in an event loop. SQLite has one writer at a time."""

import threading
from collections import deque
from concurrent.futures import Future
from contextlib import suppress

import anyio
import anyio.to_thread
from anyio import from_thread


class FifoLock:
    """A mutual exclusion whose waiters are served in order and may wait from a thread or from an event loop."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._held = False
        self._waiters: deque[Future[None]] = deque()

    def turn(self) -> Future[None]:
        """A future that is done when it is the caller's turn."""
        future: Future[None] = Future()
        with self._guard:
            if self._held:
                self._waiters.append(future)
            else:
                self._held = True
                future.set_result(None)
        return future

    def release(self) -> None:
        """Hand the turn to the next waiter that still wants it."""
        with self._guard:
            while self._waiters:
                future = self._waiters.popleft()
                if future.set_running_or_notify_cancel():
                    future.set_result(None)
                    return
            self._held = False

    def give_up(self, future: Future[None]) -> None:
        """Stop waiting; release where the turn had come already."""
        if not future.cancel():
            self.release()


def wait_in_thread(turn: Future[None]) -> None:
    """Wait for a turn without keeping others from theirs.

    A thread that answers a request does not count among the few there are while it waits: the request whose turn it is may need one,
    and with all of them waiting nobody would ever go on.
    """
    if turn.done():
        return
    try:
        limiter = from_thread.run_sync(anyio.to_thread.current_default_thread_limiter)
    except RuntimeError:  # not a thread of an event loop: nothing to lend
        turn.result()
        return
    from_thread.run_sync(_add_threads, limiter, 1)
    try:
        turn.result()
    finally:
        with suppress(RuntimeError):  # a loop that closed meanwhile counts no threads any more
            from_thread.run_sync(_add_threads, limiter, -1)


def _add_threads(limiter: anyio.CapacityLimiter, number: int) -> None:
    limiter.total_tokens += number
