"""The timeline: when each task is done, by resource-constrained project scheduling.

Belongs here: the problem, solving it, its bound. Does not: which tasks there are (templates), tables, pictures.
"""
