"""The rehost and replatform phases: what is done to each server and database that moves.

Belongs here: tasks, their times, commands and firewall rules. Does not: the minutes of a cutover (`cutover/`), the
tasks of workloads (`plan/timeline/`).
"""
