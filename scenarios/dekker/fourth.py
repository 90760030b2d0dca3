"""Dekker's ladder, fourth rung: after you. No, after you.

Raise your flag, look, and if the other's flag is up as well, take yours down for a moment and try
again. The two are kept apart, and the trap of the third rung has a way out: some schedule always
leads on.

But nothing forces anybody to take it. If the two move in step, both lower, both raise, both look,
for as long as they keep step, like two people in a corridor. The lab finds no state without a way
out, so it reports no livelock; it does report infinitely many schedules. Dekker's answer is on the
next rung: agree beforehand on who insists.
"""

from lab.scenario import always, expect, inside, region, thread

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


expect(
    schedules="infinite",
    verdicts={"never_both_inside": "holds", "livelock": "holds"},
    deadlock="holds",
    races={"wants[0]", "wants[1]"},
)
expect("statement", verdicts={"never_both_inside": "holds", "livelock": "holds"}, deadlock="holds")
