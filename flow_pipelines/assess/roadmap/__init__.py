"""The roadmap: waves in calendar time.

Belongs here: the calendar, the steps of a programme and when each of them is. Does not: which workload is in which wave
(`assess/wave_planning/`).
"""
