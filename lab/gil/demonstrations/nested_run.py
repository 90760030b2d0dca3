"""`asyncio.run` needs a thread whose loop is not running; inside a coroutine there is one.

In a notebook a loop is running all the time. There, and in every coroutine, `await main()` does what is meant.
"""

import asyncio


async def inner() -> str:
    return "hello, asyncio"


async def main() -> None:
    made = inner()
    try:
        asyncio.run(made)
    except RuntimeError as error:
        print(f"RuntimeError: {error}")
    print("await gave", repr(await made))


if __name__ == "__main__":
    asyncio.run(main())
