"""What people and tools tell of tasks: from files to possible changes of state.

Belongs here: reading rows, what they say, of which task, and whether it is possible. Does not: keeping rows
(`resources/received_updates.py`), what the changes mean for tasks (`execute/progress.py`) and waves
(`execute/overview.py`).
"""
