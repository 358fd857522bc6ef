"""The cutover phase: the runbook of each wave.

Belongs here: its steps in minutes, their lanes, the way back, and how long they really took. Does not: what is done
before and after (`tasks/`).
"""
