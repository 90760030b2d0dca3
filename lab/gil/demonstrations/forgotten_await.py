"""A coroutine object that nobody awaits never runs; Python warns when it is thrown away.

The warning comes from the object's end, not from the call: as long as a variable holds the object, nothing is said.
"""

import asyncio


async def greet() -> None:
    print("This is printed once only.")


async def main() -> None:
    greet()  # forgotten
    await greet()


if __name__ == "__main__":
    asyncio.run(main())
