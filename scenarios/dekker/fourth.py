"""Dekker's ladder, fourth rung: after you. No, after you.

Raise your flag, look, and if the other's flag is up as well, take yours down for a moment and try
again. The two are kept apart, and the trap of the third rung has a way out: some schedule always
leads on.

But nothing forces anybody to take it. If the two move in step, both lower, both raise, both look,
for as long as they keep step, like two people in a corridor. The lab finds no state without a way
out, so it reports no livelock. But `somebody_gets_in` is violated, by a round in which both move all
the time and nobody gets in: a fair scheduler may follow it for ever, although one that draws lots
leaves it with certainty (probability 0). Dekker's answer is on the next rung: agree beforehand on who
insists.
"""

from lab.scenario import always, eventually, expect, inside, region, thread

wants = [False, False]


@thread(each=range(2))
def process(me):
    other = 1 - me
    wants[me] = True
    while wants[other]:
        wants[me] = False
        wants[me] = True
    with region("critical"):
        pass
    wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


@eventually
def somebody_gets_in():
    return len(inside("critical")) > 0


# The round of the lesson: both raise, both look, both lower, both raise. Both move in it, so it is fair.
expect(
    schedules="infinite",
    verdicts={"never_both_inside": "holds", "somebody_gets_in": "violated", "livelock": "holds"},
    deadlock="holds",
    races={"wants[0]", "wants[1]"},
)
expect(
    "statement",
    verdicts={"never_both_inside": "holds", "somebody_gets_in": "violated", "livelock": "holds"},
    deadlock="holds",
)
