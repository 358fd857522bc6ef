"""A cost that no placement is below, whatever the solver came to.

Belongs here: what each group costs at least in waves that have too little room for all to be where they would be
cheapest. Does not: bounds that the solver proves (`exact.py`).
"""

from __future__ import annotations

import numpy as np

from flow_pipelines.assess.wave_planning.problem import EFFORT, UNLIMITED, Ints, WaveProblem

# Prices are whole thousandths of a unit of cost, so that the bound is the same on every machine.
SCALE = 1_000
ROUNDS, PATIENCE, SHORTEST_STEP = 300, 8, 256
IMPOSSIBLE = np.iinfo(np.int64).max // 4


def lower_bound(problem: WaveProblem, cost: int) -> int:
    """Return a cost that no placement is below.

    Traffic, order and teams are left out; rooms in waves are kept by a price on each (Lagrange): whatever the prices,
    the cheapest places under them, less what the prices take for all the room there is, cost no more than any
    placement. The prices are raised where too much is in a wave and lowered where there is room.

    Args:
        problem: The problem.
        cost: What a known placement costs.
    """
    if not problem.group_count:
        return 0
    total, roomiest = problem.sizes.sum(axis=0), problem.capacity.max(axis=0)
    fewest = max(1, int(np.ceil(total / np.maximum(roomiest, 1)).max()))
    peak = problem.peak_cost * int(np.ceil(total[EFFORT] / problem.wave_count))
    rest = problem.wave_cost * fewest + peak
    return _placed_at_least(problem, max(0, cost - rest)) + rest


def _placed_at_least(problem: WaveProblem, most: int) -> int:
    """Return what the groups cost at least by where they are; `most` is what they may cost."""
    limited = (problem.capacity < UNLIMITED).any(axis=0)
    sizes, capacity = problem.sizes[:, limited], problem.capacity[:, limited]
    own = np.where(problem.allowed, problem.unary * SCALE, IMPOSSIBLE)
    prices = np.zeros_like(capacity)
    best, best_prices, step, since = -IMPOSSIBLE, prices, 1, 0
    for _ in range(ROUNDS):
        dual, excess = _under(own, sizes, capacity, prices)
        if dual > best:
            best, best_prices, since = dual, prices, 0
        elif since == PATIENCE:
            prices, step, since = best_prices, step * 2, 0
            continue
        else:
            since += 1
        length = int((excess**2).sum())
        if not length or step > SHORTEST_STEP or best >= most * SCALE:
            break
        prices = np.maximum(0, prices + (most * SCALE - dual) * excess // (length * step))
    return -(-best // SCALE)


def _under(own: Ints, sizes: Ints, capacity: Ints, prices: Ints) -> tuple[int, Ints]:
    """Return what is paid under prices, and by how much each wave is then too full."""
    costs = own + sizes @ prices.T
    waves = costs.argmin(axis=1)
    excess = -capacity
    np.add.at(excess, waves, sizes)
    paid = int(costs[np.arange(len(costs)), waves].sum()) - int((prices * capacity).sum())
    # A wave with room whose price is nothing already can't be made cheaper.
    return paid, np.where((excess < 0) & (prices == 0), 0, excess)
