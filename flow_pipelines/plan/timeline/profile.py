"""What a resource has free over time, as steps.

Belongs here: finding room and taking it. Does not: which task comes first.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass


@dataclass
class Profile:
    """From `times[i]` (the first is 0) until `times[i + 1]`, the last for ever, `free[i]` units are free."""

    times: list[int]
    free: list[int]

    def copy(self) -> Profile:
        """Return a profile of its own, to take room from."""
        return Profile(self.times.copy(), self.free.copy())

    def mirrored(self, end: int) -> Profile:
        """Return the profile as seen from `end` backwards; what is before period 0 is like period 0."""
        if end == 0:
            return self.copy()
        inner = self.copy()
        last = inner.edge_at(end)
        return Profile(
            [end - time for time in reversed([*inner.times[1 : last + 1]])] or [0], inner.free[last - 1 :: -1]
        )

    def at(self, time: int) -> int:
        """Return how many units are free in a period."""
        return self.free[bisect_right(self.times, time) - 1]

    def earliest(self, begin: int, length: int, units: int) -> int:
        """Return the first period from `begin` on at which `units` are free for `length` periods.

        There must be one: `free` has to be at least `units` in the end.
        """
        if length == 0 or units == 0:
            return begin
        place, last = bisect_right(self.times, begin) - 1, len(self.times) - 1
        found = begin
        while True:
            if self.free[place] < units:
                place += 1
                found = self.times[place]
            elif place == last or self.times[place + 1] >= found + length:
                return found
            else:
                place += 1

    def put(self, begin: int, end: int, units: int) -> None:
        """Let `units` be free from `begin` until `end`, whatever was."""
        first = self.edge_at(begin)
        last = self.edge_at(end)
        self.free[first:last] = [units] * (last - first)

    def take(self, begin: int, end: int, units: int) -> None:
        """Take `units` from `begin` until `end`; what is free may fall below 0."""
        if begin >= end or units == 0:
            return
        first = self.edge_at(begin)
        for place in range(first, self.edge_at(end)):
            self.free[place] -= units

    def edge_at(self, time: int) -> int:
        """Return the place of the step that begins at `time`, which is made if it isn't there."""
        place = bisect_left(self.times, time)
        if place == len(self.times) or self.times[place] != time:
            self.times.insert(place, time)
            self.free.insert(place, self.free[place - 1])
        return place
