"""A function made in a loop sees the loop variable of the moment it is called, not of its making.

One thread puts functions into a list, the other takes the first and calls it. All functions made in
the loop share one variable `name`. The first function was made when it was "a"; by the time it is
called, the loop may have gone on, and it returns "b".

Without threads the mistake at least shows every time. With threads it depends on who is faster.
"""

from lab.scenario import expect, final, question, thread, wait_until

tasks = []
ran = None


@thread
def maker():
    for name in ("a", "b"):
        tasks.append(lambda: name)


@thread
def runner():
    global ran
    wait_until(lambda: len(tasks) > 0)
    ran = tasks[0]()


@final
def the_first_task_is_a():
    return ran == "a"


# The first append shares the variable, which holds "a"; then come the write of "b" and the second
# append. The runner waits for the first append and takes 4 steps: wait, fetch the function, read its
# variable, write the result. So 6! / (4! 2!) = 15 orders. It reads "a" when the write comes after its
# third step: before its last one (2 orders, the append before or after that) or after it (1).
expect(
    schedules=15,
    outcomes={"ran": {"a": 3, "b": 12}},
    verdicts={"the_first_task_is_a": "violated"},
    deadlock=False,
)
# The call is part of one statement, wait is another: the runner's two and the maker's two, advance
# and append, mix in 6 orders; it runs before the advance in 1.
expect("statement", schedules=6, outcomes={"ran": {"a": 1, "b": 5}}, verdicts={"the_first_task_is_a": "violated"})

# The function sees the variable, not the value it had: "a" in 3 orders of 15, "b" in the other 12.
question('The first function was made when name was "a". Can it return "b"?', outcome={"ran": "b"}, answer=True)
question('Can it return "a"?', outcome={"ran": "a"}, answer=True)
question("Can the runner find an empty list?", violated="exceptions", answer=False)
