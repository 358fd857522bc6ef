"""What static analysis found in code: read from the tools' own files, and joined to applications.

Belongs here: one module per format, documents within limits, the join. Does not: what follows for a backlog
(`modernize/backlog/`).
"""
