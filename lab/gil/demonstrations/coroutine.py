"""Calling a coroutine function makes a coroutine object; awaiting that runs it.

The call prints nothing: the body has not begun. `await`, or an event loop, enters it, and it may be left and entered
again at every `await` inside.
"""

import asyncio
import inspect


async def coroutine(pause: float = 0.1) -> str:
    print(f"The coroutine sleeps for {pause} s.")
    await asyncio.sleep(pause)
    return "hello, coroutine"


async def main() -> None:
    print("inspect.iscoroutinefunction(coroutine):", inspect.iscoroutinefunction(coroutine))
    print("inspect.iscoroutine(coroutine):", inspect.iscoroutine(coroutine))
    made = coroutine()
    print("coroutine() gave an object of type", type(made).__name__)
    print("inspect.iscoroutine(made):", inspect.iscoroutine(made))
    print("its state:", inspect.getcoroutinestate(made))
    result = await made
    print("await made gave", repr(result))
    print("its state:", inspect.getcoroutinestate(made))


if __name__ == "__main__":
    asyncio.run(main())
