"""One of the two insists.

The repaired twin of `polite/after_you`: the diners no longer behave alike. Only diner 0 hands the
spoon over; diner 1 eats when it has the spoon, and then 0 finds that nobody else is hungry. In
networks the two sides wait for random times.
"""

from lab.scenario import expect, final, thread

spoon = 0
hungry = [True, True]


@thread(each=range(2))
def diner(i):
    global spoon
    while hungry[i]:
        if spoon == i:
            if i == 0 and hungry[1]:
                spoon = 1
            else:
                hungry[i] = False
                spoon = 1 - i


@final
def both_have_eaten():
    return not any(hungry)


# Looking for the spoon again and again is a cycle, but one that can be left: no livelock.
expect(
    schedules="infinite",
    verdicts={"livelock": "holds", "both_have_eaten": "holds"},
    deadlock="holds",
    errors="holds",
)
expect("statement", verdicts={"livelock": "holds", "both_have_eaten": "holds"}, deadlock="holds", errors="holds")
