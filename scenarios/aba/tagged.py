"""A tag that grows with every change tells the second A from the first.

The repaired twin of `aba/untagged`: the head is a pair of a node and a counter, and every swap adds
one to the counter. A head that came back has another counter, and the swap fails.
"""

from lab.scenario import Atomic, expect, final, thread

head = Atomic(("A", 0))
below = {"A": "B", "B": None}
kept = [None, None]


def take():
    while True:
        top, tag = head.load()
        if top is None:
            return None
        if head.compare_exchange((top, tag), (below[top], tag + 1)):
            return top


def give(node):
    while True:
        top, tag = head.load()
        below[node] = top
        if head.compare_exchange((top, tag), (node, tag + 1)):
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
    top, _ = head.load()
    return (kept[0] is None or kept[0] != kept[1]) and (top is None or top not in kept)


expect(verdicts={"no_node_has_two_owners": "holds"}, deadlock="holds", errors="holds")
expect("statement", verdicts={"no_node_has_two_owners": "holds"}, deadlock="holds", errors="holds")
