"""A tag beside the top counts the changes, so that an old top is never equal to a new one.

Top and tag are exchanged together, as the double-width compare-and-exchange of processors does. When
the other thread has popped and pushed in the meantime, the top may be the same node again, but the
tag is not the same number: the exchange fails, and the pop starts anew.
"""

from lab.scenario import Atomic, expect, final, thread


class Node:
    def __init__(self, value, following):
        self.value = value
        self.following = following


c = Node("C", None)
b = Node("B", c)
a = Node("A", b)
top = Atomic((a, 0))
kept = None


def pop():
    while True:
        node, tag = top.load()
        following = node.following
        if top.compare_exchange((node, tag), (following, tag + 1)):
            return node


def push(node):
    while True:
        old, tag = top.load()
        node.following = old
        if top.compare_exchange((old, tag), (node, tag + 1)):
            return


@thread
def T1():
    pop()


@thread
def T2():
    global kept
    first = pop()
    kept = pop()
    push(first)


@final
def what_is_kept_is_off_the_stack():
    node, _ = top.load()
    return node is not kept and (node is None or node.following is not kept)


expect(verdicts={"what_is_kept_is_off_the_stack": "holds"}, deadlock=False, errors=set())
# A pop or a push is one statement: T1's one mixes with T2's three.
expect("statement", schedules=4, verdicts={"what_is_kept_is_off_the_stack": "holds"})
