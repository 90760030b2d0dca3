"""An object with one reference: T1 takes a second while T2 drops the only one.

*Situation 1*: T1 comes first. The count goes to 2, then back to 1, and T1 keeps a living object.

*Situation 2*: T2 comes first and stores 0. From then on the object is doomed. Either T1 revives it
before it is freed: a zombie, whose count says 1 while its memory is being given back. Or the memory
has gone already and T1 touches it: use after free.

In between lie the orders where both read the 1: whoever writes last wins, and the object dies all
the same if T2 stored 0.
"""

from lab.scenario import Record, decref, expect, final, freed, incref, thread

obj = Record(refs=1)


@thread
def T1():
    incref(obj)


@thread
def T2():
    decref(obj)


@final
def T1_holds_a_living_object():
    return not freed(obj)


# T1: load, store. T2: load, store, and free if it stored 0. The ten orders, with l s for T1 and L S
# F for T2:
#   l s L S                                    T2 loads 2 and stores 1: situation 1, the only good end
#   l L s S F     l L S s F     l L S F s      both load 1
#   L l s S F     L l S s F     L l S F s      both load 1
#   L S l s F                                  T1 raises 0 to 1: the zombie
#   L S l F s     L S F l                      freed under T1's hands, freed before T1 began
# T1 touches freed memory in the four where an l or s of T1 follows F.
expect(schedules=10, verdicts={"T1_holds_a_living_object": "violated"}, errors={"UseAfterFree"}, races={"obj.refs"})
# A call is one statement: T1 first, 2 then 1; T2 first, 0 and freed, and T1 comes too late.
expect("statement", schedules=2, verdicts={"T1_holds_a_living_object": "violated"}, errors={"UseAfterFree"})
# incref and decref stand for what the interpreter does in C: with a GIL each is one step, and the order is
# enough to go wrong. Without one they are as under access.
expect("cpython-3.12", schedules=2, verdicts={"T1_holds_a_living_object": "violated"}, errors={"UseAfterFree"})
expect("free-threaded", schedules=10, verdicts={"T1_holds_a_living_object": "violated"}, errors={"UseAfterFree"})
