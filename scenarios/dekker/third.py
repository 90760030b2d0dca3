"""Dekker's ladder, third rung: raise your flag, then look.

The second rung failed because a process looked before it raised its flag. So raise it first: now it
means "I want in". If both are inside, the one who looked later must have seen the other's flag up,
which it did not: the two are kept apart.

But if both raise their flags before either looks, each sees the other's, and both wait for a flag
that never comes down. Both threads run, neither gets anywhere, and no schedule leads out of it.
"""

from lab.scenario import always, expect, inside, region, thread

wants = [False, False]


@thread(each=range(2))
def process(me):
    other = 1 - me
    wants[me] = True
    while wants[other]:
        pass
    with region("critical"):
        pass
    wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


# The shortest way into the trap: raise, raise. Spinning is a livelock and no deadlock: both threads
# can always go on.
expect(
    verdicts={"never_both_inside": "holds", "livelock": "violated"},
    deadlock="holds",
    races={"wants[0]", "wants[1]"},
)
expect("statement", verdicts={"never_both_inside": "holds", "livelock": "violated"}, deadlock="holds")
