"""Work that is killed at a chosen instant, in forks of a process that is warm.

Belongs here: when and how a process dies. Does not: what must hold afterwards (`test_killed_processes.py`).

Importing Dagster takes 5 s and the first run in a process 2 s more than the next ones: paid once, not for each kill.
An instant is counted in statements to the database, as nothing but a statement changes what others see: it is the same
one on a slow machine as on a fast one, and every kill hits.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection

from sqlalchemy import Engine, event

FORK = multiprocessing.get_context("fork")
SPAWN = multiprocessing.get_context("spawn")


@dataclass(frozen=True)
class Order:
    """What a fork is to do, and when it dies; never, if `statement` is None.

    Attributes:
        work: The work; a function that can be named by its module.
        arguments: Its arguments.
        statement: Number of the statement, or commit, at which it is killed; at the latest when the work is done.
        delay: Seconds after that statement began: most of them are at work in the server then.
    """

    work: Callable[..., None]
    arguments: tuple[object, ...]
    statement: int | None = None
    delay: float = 0.0


@dataclass(frozen=True)
class Workshop:
    """The warm process, seen from the test."""

    orders: Connection

    def length(self, work: Callable[..., None], *arguments: object) -> int:
        """Return how many statements work comes to that nobody kills."""
        exit_code, statements = self._order(Order(work, arguments))
        assert exit_code == 0
        return statements

    def kill(self, order: Order) -> None:
        """Have work done until it is killed."""
        exit_code, _ = self._order(order)
        assert exit_code == -signal.SIGKILL, "the work failed before it was killed; its output tells why"

    def _order(self, order: Order) -> tuple[int, int]:
        self.orders.send(order)
        exit_code, statements = self.orders.recv()
        return exit_code, statements


@contextmanager
def workshop(warm_up: Callable[..., None], *arguments: object) -> Iterator[Workshop]:
    """Start the warm process, which does some work itself first."""
    ours, theirs = SPAWN.Pipe()
    process = SPAWN.Process(target=_serve, args=(theirs, warm_up, arguments))
    process.start()
    theirs.close()
    try:
        assert ours.recv() == "warm"
        yield Workshop(ours)
    finally:
        ours.close()
        process.join()


def _serve(orders: Connection, warm_up: Callable[..., None], arguments: tuple[object, ...]) -> None:
    warm_up(*arguments)
    gc.collect()  # closes connections that a fork would otherwise share
    orders.send("warm")
    while True:
        try:
            order: Order = orders.recv()
        except EOFError:
            return
        statements = FORK.RawValue("q")
        process = FORK.Process(target=_do, args=(order, statements))
        process.start()
        process.join()
        orders.send((process.exitcode, statements.value))


def _do(order: Order, statements: object) -> None:
    def count(*_: object) -> None:
        if threading.current_thread() is threading.main_thread():  # what shows progress asks by the clock
            statements.value += 1  # type: ignore[attr-defined]
            if statements.value == order.statement:  # type: ignore[attr-defined]
                threading.Timer(order.delay, _die).start()

    event.listen(Engine, "before_cursor_execute", count)
    event.listen(Engine, "commit", count)
    order.work(*order.arguments)
    if order.statement is not None:
        _die()


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)
