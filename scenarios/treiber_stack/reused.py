"""A lock-free stack reuses its nodes, and compare-and-exchange takes an old node for the same state.

To pop, a thread loads the top A, reads what follows it, B, and exchanges: if the top is still A, make
it B. Meanwhile another thread pops A and B, keeps B, and pushes A again, as a free list does with a
node that is no longer needed. The top *is* A, so the exchange succeeds, and B is on the stack
although the other thread owns it. What the exchange compares is equal; it is not unchanged.

Python's garbage collector protects from this as long as every node is new; whoever keeps nodes to
save allocations has the problem back. The same in its smallest form: `aba/untagged`.
"""

from lab.scenario import Atomic, expect, final, thread


class Node:
    def __init__(self, value, following):
        self.value = value
        self.following = following


c = Node("C", None)
b = Node("B", c)
a = Node("A", b)
top = Atomic(a)
kept = None


def pop():
    while True:
        node = top.load()
        following = node.following
        if top.compare_exchange(node, following):
            return node


def push(node):
    while True:
        node.following = top.load()
        if top.compare_exchange(node.following, node):
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
    node = top.load()
    return node is not kept and (node is None or node.following is not kept)


# T2 takes 10 steps: pop A in 3, pop B in 3, keep it, push A in 3. T1's exchange goes wrong when T1 has loaded A
# before T2's third step (3 places), has read B behind it before T2 rewrites that in its ninth (up
# to place 8), and exchanges after T2's last: 9 + 8 + 7 = 24 orders.
expect(verdicts={"what_is_kept_is_off_the_stack": "violated"}, races={"a.following"}, deadlock=False, errors=set())
# A pop or a push is one statement: T1's one mixes with T2's three.
expect("statement", schedules=4, verdicts={"what_is_kept_is_off_the_stack": "holds"})
