"""Sample estates: a believable enterprise, its exports as the real tools write them, and the truth beside them.

Belongs here: what is made up, how it is spoiled, and what is true about it. Does not: reading any of it back;
nothing here is used when a real engagement runs.
"""

from flow_pipelines.sample.generate import SampleReport, write_sample

__all__ = ["SampleReport", "write_sample"]
