"""The tree of errors a user may see.

Belongs here: errors that carry their facts and name the remedy. Does not: bugs (they stay ordinary
exceptions with a stack trace) and rejected rows (they are data, see `rejected_records`).
"""

from __future__ import annotations


class FlowError(Exception):
    """Base of every error whose message is meant for the user.

    Attributes:
        problem: What is wrong, in one sentence, with the facts.
        remedy: What the user can do about it, in one sentence.
    """

    exit_code = 1

    def __init__(self, problem: str, *, remedy: str) -> None:
        super().__init__(f"{problem} {remedy}")
        self.problem = problem
        self.remedy = remedy


class ScopeError(FlowError):
    """A client or engagement is misnamed, unknown or not the caller's."""

    exit_code = 3


class SettingsError(FlowError):
    """An engagement's settings are invalid; the message lists every problem found."""

    exit_code = 4


class InputError(FlowError):
    """An input file as a whole can't be used (a bad row is never an error, it is a rejected record)."""

    exit_code = 5


class ContractError(FlowError):
    """A frame does not keep the contract of the table it is meant for; the message lists every breach."""

    exit_code = 6


class GateError(FlowError):
    """A phase's gate failed: the candidate snapshot is kept for inspection, the last good one stays current."""

    exit_code = 7


class DatabaseError(FlowError):
    """The database can't be used: not reachable, too new for this code, or not startable here."""

    exit_code = 8


class RunError(FlowError):
    """A run of a flow failed; the message names the phase."""

    exit_code = 9


class PlanningError(FlowError):
    """No plan keeps every limit and every wish of people; the fewest that contradict each other are named."""

    exit_code = 10


class AdvisorError(FlowError):
    """The environment does not name a language model in a way that can work; the message never holds its key."""

    exit_code = 11
