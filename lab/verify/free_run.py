"""One free run of a scenario file: its threads really start, all together, and the operating system schedules them.

Standard library only, Python 3.9 and later, and a program too: `python lab/verify/free_run.py FILE [NAME=VALUE ...]`
runs a scenario once with nothing installed and prints the outcome as JSON.
"""

from __future__ import annotations

import ast
import inspect
import json
import queue
import sys
import threading
import time
import types
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if __name__ == "__main__":
    # Run by path: make lab.scenario importable without the rest of the package, which needs a newer Python.
    _package = types.ModuleType("lab")
    _package.__path__ = [str(Path(__file__).resolve().parent.parent)]
    sys.modules["lab"] = _package

from lab.scenario import Atomic, Record, Registry, ThreadSpec, freed, registry
from lab.verify.made_threads import MadeTasks, MadeThreads

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, MutableMapping

    from lab.verify.call_pool import CallPool

__all__ = ["RunOutcome", "compiled", "described", "fresh", "load", "name_records", "plain", "run", "tree"]


@dataclass(frozen=True)
class RunOutcome:
    """What one free run showed, in the words of an explored outcome.

    Attributes
    ----------
    status : str
        "finished", or "unfinished" when a thread was still going at the time-out.
    shared : Mapping[str, Any]
        Plain data of every top-level name that is neither parameter, function, class, module nor lock.
    returned, errors : Mapping[str, Any]
        By thread name: the value returned, None for a thread without; `errors` holds only the threads that raised.
    unfinished, violated, output : tuple of str
        Threads still going; `@final` properties found false, of a finished run only; printed lines.
    """

    status: str
    shared: Mapping[str, Any]
    returned: Mapping[str, Any]
    errors: Mapping[str, str]
    unfinished: tuple[str, ...]
    violated: tuple[str, ...]
    output: tuple[str, ...]


def load(path: str, parameters: Mapping[str, Any] | None = None) -> types.ModuleType:
    """Execute the file in a fresh module, with the parameters replaced in its tree, and return the module.

    Raises
    ------
    ValueError
        If a parameter is not assigned at the top level of the file.
    """
    return fresh(compiled(path, parameters))


def compiled(path: str, parameters: Mapping[str, Any] | None = None) -> types.CodeType:
    """Return the file's code with the parameters replaced; raises as `load` does."""
    code: types.CodeType = compile(tree(path, parameters), path, "exec")
    return code


def tree(path: str, parameters: Mapping[str, Any] | None = None) -> ast.Module:
    """Return the file's syntax tree with the parameters replaced; raises as `load` does."""
    parsed = ast.parse(Path(path).read_text(encoding="utf-8"), path)
    wanted = dict(parameters or {})
    for node in parsed.body:
        if isinstance(node, ast.Assign) and len(node.targets) == 1 and isinstance(node.targets[0], ast.Name):
            name = node.targets[0].id
            if name in wanted:
                node.value = ast.copy_location(ast.parse(repr(wanted.pop(name)), mode="eval").body, node.value)
    if wanted:
        raise ValueError("no parameter " + ", ".join(sorted(wanted)))
    return ast.fix_missing_locations(parsed)


def fresh(code: types.CodeType) -> types.ModuleType:
    """Execute a file's code in a new module, and return it.

    Runs that share the code share what the interpreter has specialised in it: it becomes warm.
    """
    module = types.ModuleType("scenario")
    module.__file__ = code.co_filename
    if sys.version_info < (3, 10):  # noqa: UP036 - objects of asyncio belong to the loop there is when they are made
        import asyncio

        vars(module)[_LOOP] = asyncio.new_event_loop()
        asyncio.set_event_loop(vars(module)[_LOOP])
    before = sys.modules.get(module.__name__)
    sys.modules[module.__name__] = module  # where `@dataclass` looks up annotations that are texts
    try:
        exec(code, module.__dict__)
    finally:
        if before is None:
            del sys.modules[module.__name__]
        else:
            sys.modules[module.__name__] = before
    return module


def run(scenario: types.ModuleType | MutableMapping[str, Any], timeout: float = 10.0, spin: float = 0.0) -> RunOutcome:
    """Start all threads of the scenario together, wait for them, and return what can be observed.

    Parameters
    ----------
    scenario : module or its namespace
        Imported anew for each run: the run changes its variables.
    timeout : float
        Seconds to wait for all threads together; those still going afterwards are daemons and end with the process.
    spin : float
        Seconds that the threads spin before they begin, so that none is asleep then.
    """
    namespace: MutableMapping[str, Any] = vars(scenario) if isinstance(scenario, types.ModuleType) else scenario
    declared = registry(namespace)
    name_records(namespace)
    returned: dict[str, Any] = {}
    errors: dict[str, str] = {}
    output: list[str] = []
    namespace["print"] = lambda *values, sep=" ": output.append(sep.join(map(str, values)))

    def record(name: str, function: Any, /, *arguments: Any, **named: Any) -> None:
        try:
            returned[name] = plain(function(*arguments, **named))
        except Exception as error:  # noqa: BLE001 - whatever a thread raises is part of the outcome
            errors[name] = described(error)

    made = None
    if declared.main is not None:
        declared.threads.append(ThreadSpec("main", declared.main))
        made = MadeThreads(namespace, declared, record)
    tasks = [spec for spec in declared.threads if inspect.iscoroutinefunction(spec.function)]
    calling: list[CallPool] = []
    running = _started(namespace, declared, tasks, record, spin, (returned, errors, calling))
    deadline = time.monotonic() + timeout
    for one in running:
        one.join(max(0.0, deadline - time.monotonic()))
    if made is not None:
        made.join(deadline)
    going = {one.name for one in running if one.is_alive()} | (made.going() if made else set())
    going |= {spec.name for spec in tasks if running[-1].is_alive() and spec.name not in returned}
    going |= {name for pool in calling for name in pool.going()}
    if made is not None:
        made.leave_behind()
    unfinished = tuple(spec.name for spec in declared.threads if spec.name in going and spec.name not in errors)
    violated = () if unfinished else tuple(_violated(declared))
    return RunOutcome(
        "unfinished" if unfinished else "finished",
        {name: plain(value) for name, value in list(namespace.items()) if _is_shared(name, value)},
        {spec.name: returned.get(spec.name) for spec in declared.threads},
        dict(errors), unfinished, violated, tuple(output),
    )  # fmt: skip


def _started(
    namespace: MutableMapping[str, Any],
    declared: Registry,
    tasks: list[ThreadSpec],
    record: Callable[..., None],
    spin: float,
    results: tuple[dict[str, Any], dict[str, str], list[CallPool]],
) -> list[threading.Thread]:
    """Start the threads of a scenario, and one for its tasks, which is the last; return them."""
    plain_threads = [spec for spec in declared.threads if spec not in tasks]
    begin = [0.0]
    together = threading.Barrier(
        max(1, len(plain_threads) + bool(tasks)), lambda: begin.__setitem__(0, time.perf_counter() + spin)
    )

    def body(spec: ThreadSpec) -> None:
        together.wait()
        while time.perf_counter() < begin[0]:
            pass
        record(spec.name, spec.function, *spec.arguments)

    def loop() -> None:
        together.wait()
        _run_tasks(namespace, tasks, *results)

    running = [threading.Thread(target=body, args=(spec,), name=spec.name, daemon=True) for spec in plain_threads]
    if tasks:
        running.append(threading.Thread(target=loop, daemon=True))
    for one in running:
        one.start()
    return running


def name_records(namespace: Mapping[str, Any]) -> None:
    """Tell each record of a file the first of its names, which its errors say."""
    for name, value in reversed(list(namespace.items())):
        if isinstance(value, Record):
            object.__setattr__(value, "_name", name)


def described(error: BaseException) -> str:
    """Return what an outcome says of the exception that ended a thread."""
    return f"{type(error).__name__}: {error}" if str(error) else type(error).__name__


_LOOP = "__loop__"


def _run_tasks(
    namespace: MutableMapping[str, Any],
    tasks: list[ThreadSpec],
    returned: dict[str, Any],
    errors: dict[str, str],
    calling: list[CallPool],
) -> None:
    """Run the tasks in one event loop, begun in the order of the file, until every task and its calls have ended."""
    import asyncio  # a file without tasks does not need it

    from lab.verify.call_pool import CallPool

    async def body(spec: ThreadSpec) -> None:
        try:
            returned[spec.name] = plain(await spec.function(*spec.arguments))
        except (Exception, asyncio.CancelledError) as error:  # noqa: BLE001 - as for threads
            errors[spec.name] = described(error)

    made = MadeTasks(registry(namespace))
    calling.append(CallPool(registry(namespace), lambda name, value: returned.__setitem__(name, plain(value))))

    async def whole() -> None:
        loop = asyncio.get_running_loop()
        loop.set_default_executor(calling[0])
        for spec in tasks:
            loop.create_task(body(spec)).set_name(spec.name)
        loop.set_task_factory(made.factory)
        loop.set_exception_handler(lambda _loop, _context: None)  # an exception that nobody asked for is no news here
        while len(asyncio.all_tasks()) > 1:
            await asyncio.wait(asyncio.all_tasks() - {asyncio.current_task()})
        returned.update((name, plain(value)) for name, value in made.results().items())

    loop = namespace.pop(_LOOP, None) or asyncio.new_event_loop()
    try:
        loop.run_until_complete(whole())
        calling[0].join()
    finally:
        loop.close()


def _violated(declared: Registry) -> Iterator[str]:
    for kind, function in declared.properties:
        if kind == "final":
            try:
                holds = bool(function())
            except Exception:  # noqa: BLE001 - a property that raises is violated
                holds = False
            if not holds:
                yield function.__name__


_LOCKS = (
    type(threading.Lock()), type(threading.RLock()), threading.Semaphore, threading.Condition, threading.Event,
    threading.Barrier,
)  # fmt: skip
_SCALARS = (bool, int, float, str, type(None))


def _is_lock(value: Any) -> bool:
    asyncio = sys.modules.get("asyncio")
    return isinstance(value, _LOCKS) or (
        asyncio is not None and isinstance(value, (asyncio.Lock, asyncio.Event, asyncio.Semaphore))
    )


def _is_shared(name: str, value: Any) -> bool:
    """Whether an outcome shows that top-level name: not a parameter, not a function or class, not a lock."""
    if name.startswith("__") or callable(value) or isinstance(value, types.ModuleType) or _is_lock(value):
        return False
    if isinstance(value, (list, tuple)) and value and all(map(_is_lock, value)):
        return False
    parameter = name.isupper() and isinstance(value, (*_SCALARS, tuple))
    return not parameter and type(value).__module__ != "__future__"


def plain(value: Any) -> Any:
    """Return the value as plain data, in the form that results and JSON use."""
    if isinstance(value, Atomic):
        return plain(value.load())
    if isinstance(value, threading.Thread):
        return f"thread {value.name}"
    if "asyncio" in sys.modules and isinstance(value, sys.modules["asyncio"].Task):
        return f"task {value.get_name()}"
    queued = _queued(value)
    if queued is not None:
        return plain(queued)
    if isinstance(value, Record):
        fields = {name: plain(cell) for name, cell in value._cells.items()}  # noqa: SLF001 - hidden from scenarios
        return {"refs": fields.pop("refs"), "freed": freed(value), **fields}
    if isinstance(value, dict):
        if all(isinstance(key, str) for key in value):
            return {key: plain(item) for key, item in value.items()}
        return [[plain(key), plain(item)] for key, item in value.items()]
    if isinstance(value, (list, tuple, deque)):
        return [plain(item) for item in value]
    if isinstance(value, (set, frozenset)):
        return sorted(plain(item) for item in value)
    if isinstance(value, _SCALARS):
        return value
    if isinstance(value, BaseException):
        return f"{type(value).__name__}: {value}" if str(value) else type(value).__name__
    fields = {name: plain(item) for name, item in vars(value).items() if not _is_lock(item)}
    return {"class": type(value).__name__, "fields": fields}


def _queued(value: Any) -> list[Any] | None:
    """Return what is left in a queue, the oldest first; None of anything else."""
    asyncio = sys.modules.get("asyncio")
    if isinstance(value, queue.Queue):
        return list(value.queue)
    if asyncio is not None and isinstance(value, asyncio.Queue):
        return list(value._queue)  # noqa: SLF001 - it has no other way to look
    if isinstance(value, queue.SimpleQueue):
        return [value.get() for _ in range(value.qsize())]
    return None


def _main(arguments: list[str]) -> int:
    """Run the file named, once; `NAME=VALUE` arguments replace parameters."""
    path, *settings = arguments
    parameters = {name: ast.literal_eval(text) for name, _, text in (item.partition("=") for item in settings)}
    json.dump(asdict(run(load(path, parameters))), sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(_main(sys.argv[1:]))
