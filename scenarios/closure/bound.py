"""A default value binds the loop variable when the function is made.

`lambda name=name: name` evaluates the default at once, so each function keeps the value of its own
round, whenever and by whomever it is called. `functools.partial`, or a function that makes the
function, does the same.
"""

from lab.scenario import expect, final, thread, wait_until

tasks = []
ran = None


@thread
def maker():
    for name in ("a", "b"):
        tasks.append(lambda name=name: name)


@thread
def runner():
    global ran
    wait_until(lambda: len(tasks) > 0)
    ran = tasks[0]()


@final
def the_first_task_is_a():
    return ran == "a"


# The loop variable stays private. After the first append the second mixes with the runner's wait,
# fetch and write: 4 orders.
expect(schedules=4, outcomes={"ran": {"a": 4}}, verdicts={"the_first_task_is_a": "holds"}, deadlock=False)
# The runner's two statements and the second append: 3 orders.
expect("statement", schedules=3, outcomes={"ran": {"a": 3}}, verdicts={"the_first_task_is_a": "holds"})
