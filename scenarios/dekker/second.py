"""Dekker's ladder, second rung: look, then raise your flag.

No more taking turns: each process has a flag that says "I am inside". You wait until the other's
flag is down, raise your own, and go in. Nobody depends on a process that does not want in.

But between looking and raising the flag lies a gap. Both look, both see no flag, both raise their
own, both are inside: it is the check-then-act of `check_then_act/race` once more.
"""

from lab.scenario import always, expect, inside, region, thread

wants = [False, False]


@thread(each=range(2))
def process(me):
    other = 1 - me
    while wants[other]:
        pass
    wants[me] = True
    with region("critical"):
        pass
    wants[me] = False


@always
def never_both_inside():
    return len(inside("critical")) <= 1


# The shortest way in for both: look, look, raise, raise.
expect(
    verdicts={"never_both_inside": "violated", "livelock": "holds"},
    deadlock="holds",
    races={"wants[0]", "wants[1]"},
)
expect("statement", verdicts={"never_both_inside": "violated", "livelock": "holds"}, deadlock="holds")
