"""Several threads count together, and updates get lost.

`counter += 1` looks like one action and is two: read the counter, write back one more. If a second
thread reads before the first has written, both write the same number and one of the two updates is
gone.

Two threads with one round each already lose one in 4 of 6 orders. With more rounds it gets worse in
a way that surprises: however many rounds there are (two or more), the counter can end at 2. One
thread reads 0 and sleeps through all the others' work but one last round, and writes 1; somebody
reads that 1, sleeps in turn, and writes 2 as the very last step.
"""

from lab.scenario import expect, final, question, thread

THREADS = 2
ROUNDS = 1

counter = 0


@thread(each=range(THREADS))
def worker(i):
    global counter
    for _ in range(ROUNDS):
        counter += 1


@final
def every_update_counted():
    return counter == THREADS * ROUNDS


# k threads of s = 2 x ROUNDS steps: (k s)! / (s!)^k orders: 6, 90, 70, 34650. No update is lost
# exactly when each round's read and write stand together: 2 of 6, 6 of 90, 6 of 70, 90 of 34650.
# The rest: brute force over all orders.
expect(
    states=12,
    schedules=6,
    traces=4,
    outcomes={"counter": {1: 4, 2: 2}},
    verdicts={"every_update_counted": "violated"},
    races={"counter"},
)
expect(set={"THREADS": 3}, schedules=90, traces=36, outcomes={"counter": {1: 48, 2: 36, 3: 6}})
expect(set={"ROUNDS": 2}, schedules=70, outcomes={"counter": {2: 32, 3: 32, 4: 6}})
expect(
    set={"THREADS": 3, "ROUNDS": 2},
    schedules=34650,
    outcomes={"counter": {2: 10428, 3: 15180, 4: 7512, 5: 1440, 6: 90}},
)
expect("statement", schedules=2, outcomes={"counter": {2: 2}}, verdicts={"every_update_counted": "holds"})
# 3.9 can switch after the opcode that reads, and after the one that adds: both steps stand alone. From
# 3.10 on nothing between them polls, so a round is one step. Nobody promises that: without a GIL it is
# two again.
expect("cpython-3.9", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})
expect("cpython-3.10", schedules=2, outcomes={"counter": {2: 2}}, verdicts={"every_update_counted": "holds"})
expect("cpython-3.12", schedules=2, outcomes={"counter": {2: 2}}, verdicts={"every_update_counted": "holds"})
expect("free-threaded", schedules=6, outcomes={"counter": {1: 4, 2: 2}}, verdicts={"every_update_counted": "violated"})

# 1 is the last write after a read of 0: with one round each, whoever has read before the other wrote.
# With two rounds each, the thread that writes 1 last would do it in its last round, before which it
# has itself written at least 1 and then read at least 1; so it writes at least 2.
question("Two threads, one round each: can the counter end at 1?", outcome={"counter": 1}, answer=True)
question("Two threads, two rounds each: can it end at 1?", set={"ROUNDS": 2}, outcome={"counter": 1}, answer=False)
question("Two threads, two rounds each: can it end at 2?", set={"ROUNDS": 2}, outcome={"counter": 2}, answer=True)
question(
    "Three threads, two rounds each: can it still end at 2, with six increments made?",
    set={"THREADS": 3, "ROUNDS": 2},
    outcome={"counter": 2},
    answer=True,
)
question("Two threads, one round each: in how many orders can that happen?", count="schedules", answer=6)
