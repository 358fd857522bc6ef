"""The `flow` command: the composition root, the only room of the domain that imports every other.

Belongs here: commands, what they print, their exit codes. Does not: anything that a flow decides.
"""
