"""Equal is not unchanged: A, then B, then A again.

A free list is a stack whose head is changed by compare-and-swap. T1 reads that A is on top and B
below it. Before it swaps, T2 takes A, takes B, and puts A back. T1 finds A on top, as before, and
makes B the head: but B belongs to T2.
"""

from lab.scenario import Atomic, expect, final, thread

head = Atomic("A")
below = {"A": "B", "B": None}
kept = [None, None]


def take():
    while True:
        top = head.load()
        if top is None:
            return None
        if head.compare_exchange(top, below[top]):
            return top


def give(node):
    while True:
        top = head.load()
        below[node] = top
        if head.compare_exchange(top, node):
            return


@thread
def T1():
    kept[0] = take()


@thread
def T2():
    first = take()
    kept[1] = take()
    if first is not None:
        give(first)


@final
def no_node_has_two_owners():
    return (kept[0] is None or kept[0] != kept[1]) and (head.load() is None or head.load() not in kept)


# Load, read, (take, take, give), swap, as in the lesson: T1 owns A, the list offers B, and T2 owns
# B.
expect(verdicts={"no_node_has_two_owners": "violated"}, deadlock="holds", errors="holds")
# Under policy `statement` the load, the read and the swap are statements of a helper: the call is
# one step.
expect("statement", verdicts={"no_node_has_two_owners": "holds"}, deadlock="holds", errors="holds")
