"""Lamport's bakery: customers come several times, and each looks at the tickets one by one."""

from lab.scenario import always, inside, region, thread

THREADS = 3
ROUNDS = 2

choosing = [False] * THREADS
number = [0] * THREADS  # 0: no ticket


@thread(each=range(THREADS))
def customer(me):
    for _ in range(ROUNDS):
        mine = 0
        choosing[me] = True
        for other in range(THREADS):
            mine = max(mine, number[other])
        mine += 1
        number[me] = mine
        choosing[me] = False
        for other in range(THREADS):
            while choosing[other]:
                pass
            while number[other] != 0 and (number[other], other) < (mine, me):
                pass
        with region("critical"):
            pass
        number[me] = 0


@always
def never_two_inside():
    return len(inside("critical")) <= 1
