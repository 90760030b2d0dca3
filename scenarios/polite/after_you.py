"""Two polite diners hand the spoon over, for ever.

After you! No, after you! Two diners share a spoon. Whoever has it hands it over as long as the
other is still hungry. Both keep moving, nobody waits for a lock, and nobody ever eats: activity is
not progress.
"""

from lab.scenario import expect, thread

spoon = 0
hungry = [True, True]


@thread(each=range(2))
def diner(i):
    global spoon
    while hungry[i]:
        if spoon == i:
            if hungry[1 - i]:
                spoon = 1 - i
            else:
                hungry[i] = False


# To eat, a diner must see that the other is not hungry, and nobody is the first: no run ends.
expect(schedules="infinite", deadlock="holds", errors="holds", verdicts={"livelock": "violated"})
expect("statement", schedules="infinite", deadlock="holds", errors="holds", verdicts={"livelock": "violated"})
