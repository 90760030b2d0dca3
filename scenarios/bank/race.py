"""An audit adds up two accounts while money moves from one to the other.

The transfer takes 30 out of one account and then puts 30 into the other. In between the money is
nowhere, and an audit that looks just then misses it. It gets stranger: an audit that reads the
first account before the transfer and the second after it counts the 30 twice.

Not a single update is lost here, and in the end the accounts are right. What is broken is an
*invariant over two variables*: "together they hold 100" is true before and after, but not during
the transfer.
"""

from lab.scenario import expect, final, question, thread

checking = 100
savings = 0
seen = None  # what the audit found


@thread
def transfer():
    global checking, savings
    checking -= 30
    savings += 30


@thread
def audit():
    global seen
    seen = checking + savings


@final
def the_audit_adds_up():
    return seen == 100


@final
def no_money_is_lost():
    return checking + savings == 100


# Transfer: read, write, read, write; audit: read, read, write: 7! / (4! 3!) = 35 orders. Let i <= j
# <= k be the number of transfer steps before each of the audit's. It reads 100 if i < 2 (else 70),
# and 0 if j < 4 (else 30).
#   130: i in {0, 1}, j = k = 4: 2 orders.
#    70: i = 2 with j = 2, 3: 3 + 2 orders, and i = j = 3: 2, together 7.
#   100: the other 26.
expect(
    schedules=35,
    outcomes={"seen": {70: 7, 100: 26, 130: 2}},
    verdicts={"the_audit_adds_up": "violated", "no_money_is_lost": "holds"},
    races={"checking", "savings"},
)
# The audit's one statement comes before, between or after the transfer's two.
expect("statement", schedules=3, outcomes={"seen": {70: 1, 100: 2}}, verdicts={"the_audit_adds_up": "violated"})
# From 3.10 on neither function polls between its first access and its last: each is one step. One
# call in between, and the audit is wrong on every version.
expect("cpython-3.9", schedules=35, verdicts={"the_audit_adds_up": "violated", "no_money_is_lost": "holds"})
expect("cpython-3.12", schedules=2, outcomes={"seen": {100: 2}}, verdicts={"the_audit_adds_up": "holds"})
expect("free-threaded", schedules=35, verdicts={"the_audit_adds_up": "violated", "no_money_is_lost": "holds"})

# 70 and 130 are derived above. 160 would count money twice and lose none; there are only 30 to count
# twice. Only `transfer` writes the accounts, so that its reads are what it wrote last.
question("Can the audit miss the money that is on its way?", outcome={"seen": 70}, answer=True)
question("Can the audit see more money than there is?", outcome={"seen": 130}, answer=True)
question("Can money really be lost?", violated="no_money_is_lost", answer=False)
question("How many different results can the audit have?", count="outcomes", answer=3)
question(
    "If a whole statement could not be interrupted, could the audit still be wrong?",
    policy="statement",
    violated="the_audit_adds_up",
    answer=True,
)
