"""Real threads that stop where they are told to, and conditions and choices that a schedule decides.

Standard library only, Python 3.9 and later.
"""

from __future__ import annotations

import queue
import threading
from _thread import allocate_lock, get_ident
from typing import Any

__all__ = ["HANDS", "SECONDS", "Hand", "LedChoices", "LedCondition", "Stop", "mine", "passes", "start"]

SECONDS = 5.0
"""How long a thread may take for one step; far more than it ever does."""


class Stop(BaseException):
    """Ends a thread whose run is over."""


class Hand:
    """A real thread that stops in front of its targets, and says so.

    Targets are pairs of a code's identity and an offset in it; or "wait", the beginning of a wait at a condition, or
    "answer", in front of the test of what `wait_for` waits for. A loop's first step makes the iterator, too: `began`
    says that the thread stopped in front of that, and must not stop again before it has the first element.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.targets: frozenset[object] = frozenset()
        self.says: queue.SimpleQueue[str] = queue.SimpleQueue()
        self.begun = self.ended = self.over = self.stuck = self.began = self.starting = False
        self.waiter: Any = None
        self._go = allocate_lock()
        self._go.acquire()

    def stop(self, word: str) -> None:
        """Say a word and wait for one's turn; called in the thread."""
        self.says.put(word)
        self._go.acquire()
        if self.over:
            raise Stop

    def go(self) -> None:
        """Let the thread go on; on a busy machine it may not have noticed yet that it was let go before."""
        if self._go.locked():
            self._go.release()

    def heard(self, seconds: float = SECONDS) -> str:
        """Return the next word that the thread says, "nothing" if it does not."""
        try:
            return self.says.get(timeout=seconds)
        except queue.Empty:
            return "nothing"


HANDS: dict[int, Hand] = {}
"""The threads that are led, by their identity."""


def mine() -> Hand | None:
    """Return the led thread that runs here, None if it is none, or is busy with starting another."""
    hand = HANDS.get(get_ident())
    return None if hand is None or hand.starting else hand


def passes(here: object, kind: str) -> None:
    """Stop the thread that runs here if this is where it is to stop."""
    hand = mine()
    if hand is None or hand.over:
        return
    if kind == "next" and hand.began:
        hand.began = False
    elif here in hand.targets:
        hand.began = kind == "begin"
        hand.stop("there")


class LedCondition(threading.Condition):
    """Python's own condition, which says when a thread has begun to wait, and when it was woken."""

    order: tuple[str, ...] = ()
    """Whom the next `notify` wakes."""

    def __init__(self, lock: Any = None) -> None:
        super().__init__(lock)
        self._names: dict[int, str] = {}
        # Python's own puts the lock's methods into the instance, where they would hide those of this class.
        own = super()
        self._saved = vars(self).pop("_release_save", getattr(own, "_release_save"))  # noqa: B009 - typeshed lacks it
        self._restored = vars(self).pop("_acquire_restore", getattr(own, "_acquire_restore"))  # noqa: B009

    def wait(self, timeout: float | None = None) -> bool:
        """Wait, however long it takes: a schedule says when."""
        hand = mine()
        if hand is not None and "wait" in hand.targets:
            hand.stop("there")
        return super().wait(timeout if hand is None else None)

    def wait_for(self, predicate: Any, timeout: float | None = None) -> Any:
        """Wait until the predicate holds; a thread can stop between its answer and the test of that."""

        def asked() -> Any:
            value = predicate()
            hand = mine()
            if hand is not None and "answer" in hand.targets:
                hand.stop("there")
            return value

        return super().wait_for(asked, timeout if mine() is None else None)

    def notify(self, n: int = 1) -> None:
        """Wake those whom the schedule wakes."""
        wanted = LedCondition.order
        waiters: Any = self._waiters  # type: ignore[attr-defined]
        first = [one for one in waiters if self._names.get(id(one)) in wanted]
        rest = [one for one in waiters if one not in first]
        waiters.clear()
        waiters.extend([*first, *rest])
        super().notify(n)

    def _release_save(self) -> Any:
        state = self._saved()
        hand = mine()
        if hand is not None:
            hand.waiter = self._waiters[-1]  # type: ignore[attr-defined]
            self._names[id(hand.waiter)] = hand.name
            hand.says.put("parked")
        return state

    def _acquire_restore(self, state: Any) -> None:
        hand = mine()
        if hand is not None:
            hand.waiter = None
            hand.stop("woken")
        self._restored(state)


class LedChoices:
    """Python's `random`, as far as `choose` needs it, which chooses what the schedule says."""

    def __init__(self) -> None:
        self.choice_of, self.results = 0, 1

    def choice(self, values: Any) -> Any:
        """Return the value that the number of the result stands for; of several choices the first varies slowest."""
        self.results //= len(values)
        position, self.choice_of = divmod(self.choice_of, max(1, self.results))
        return values[position]


_START = threading.Thread.start


def start(thread: threading.Thread) -> None:
    """Start a thread as Python does; the wait until it has begun is no step of the thread that starts it."""
    hand = mine()
    if hand is None:
        _START(thread)
        return
    hand.starting = True
    try:
        _START(thread)
    finally:
        hand.starting = False
