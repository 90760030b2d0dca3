"""`await` stands in an `async def` only: anywhere else the file does not even compile.

An ordinary function cannot be left in the middle, so it has nothing to await with. It can start a loop, with
`asyncio.run`, if none is running.
"""

SOURCE = """
import asyncio

def routine():
    await asyncio.sleep(0.1)
"""

if __name__ == "__main__":
    try:
        compile(SOURCE, "routine.py", "exec")
    except SyntaxError as error:
        print(f"SyntaxError: {error}")
