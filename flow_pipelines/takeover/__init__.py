"""Takeover: what the platform being replaced holds, brought into the structure here.

Belongs here: pure decisions on its rows: which engagement each belongs to, what becomes of it, and the account of all
of them. Does not: what its tables are called (`reference/replaced_platform.yaml`), reading them
(`resources/replaced_platform.py`) and what the files that they become mean (the Discovery flow, as of any source).
"""
