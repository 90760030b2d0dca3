"""A small program for a traced loop: a client asks a server over sockets while a third task sleeps."""

from __future__ import annotations

import asyncio
import socket

from lab.gil.event_loop import Life, spend, trace_loop

__all__ = ["ask_and_sleep", "example_life"]

COST = 0.0001
"""Seconds that each callback takes by itself: enough to be seen."""


def example_life(*, simulated: bool = True) -> Life:
    """Return the life of a loop that runs `ask_and_sleep`."""
    return trace_loop(ask_and_sleep, simulated=simulated, cost=COST)


async def ask_and_sleep() -> None:
    """Run three tasks: I/O, timers and computing, each of them at least once."""
    here, there = socket.socketpair()
    with here, there:
        for end in (here, there):
            end.setblocking(False)
        async with asyncio.TaskGroup() as group:
            group.create_task(_client(here), name="client")
            group.create_task(_server(there), name="server")
            group.create_task(_sleeper(), name="sleeper")


async def _client(connection: socket.socket) -> None:
    """Compute, sleep, send a request, await its reply."""
    loop = asyncio.get_running_loop()
    spend(0.001)
    await asyncio.sleep(0.004)
    await loop.sock_sendall(connection, b"ask")
    await loop.sock_recv(connection, 16)
    spend(0.001)


async def _server(connection: socket.socket) -> None:
    """Await a request, compute, reply."""
    loop = asyncio.get_running_loop()
    await loop.sock_recv(connection, 16)
    spend(0.001)
    await loop.sock_sendall(connection, b"reply")


async def _sleeper() -> None:
    """Compute and sleep in turns."""
    for pause in (0.002, 0.005):
        spend(0.001)
        await asyncio.sleep(pause)
    spend(0.001)
