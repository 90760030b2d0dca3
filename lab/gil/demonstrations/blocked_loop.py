"""A routine blocks everybody, a coroutine only itself.

While the routine sleeps, the ticker, a task of the same loop, stands still; while the coroutine sleeps, it ticks.
"""

import asyncio
import time


def routine() -> str:
    time.sleep(0.2)
    return "hello, routine"


async def coroutine() -> str:
    await asyncio.sleep(0.2)
    return "hello, coroutine"


async def count(ticks: "list[int]") -> None:
    while True:
        await asyncio.sleep(0.02)
        ticks[0] += 1


async def main() -> None:
    ticks = [0]
    ticker = asyncio.create_task(count(ticks))
    await asyncio.sleep(0)
    print(routine(), "- did the ticker tick meanwhile?", ticks[0] > 0)
    ticks[0] = 0
    print(await coroutine(), "- did the ticker tick meanwhile?", ticks[0] > 0)
    ticker.cancel()


if __name__ == "__main__":
    asyncio.run(main())
