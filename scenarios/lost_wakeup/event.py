"""An Event remembers that it was set.

Another repair of `lost_wakeup/unlocked_test`: a notification is lost if nobody waits, an Event
stays set until it is cleared.
"""

from threading import Event

from lab.scenario import expect, final, thread

message = None
arrived = Event()


@thread
def waiter():
    arrived.wait()
    return message


@thread
def notifier():
    global message
    message = "hello"
    arrived.set()


@final
def the_message_is_there():
    return message == "hello"


# Write, set, wait, read: nothing else is possible, and the set orders the write before the read.
expect(schedules=1, verdicts={"the_message_is_there": "holds"}, deadlock="holds", errors="holds", races=set())
expect("statement", schedules=1, verdicts={"the_message_is_there": "holds"}, deadlock="holds", errors="holds")
