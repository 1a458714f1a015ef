"""What can be wrong with a step of a test.  All are assertions, so that a test that meets one has failed, not broken."""

from __future__ import annotations

from ..errors import NexusError


class NotOnScreen(NexusError, AssertionError):
    """What the test looks for is not there, or is there more than once; the message lists what there is."""

    code = "NOT_ON_SCREEN"


class Refused(NexusError, AssertionError):
    """What the test does, nobody could do in the page: the control is disabled, busy, folded away or of another kind."""

    code = "REFUSED"


class StillRunning(NexusError, AssertionError):
    """What the panel waits for has not come, though time was given."""

    code = "STILL_RUNNING"


class UnseenErrors(NexusError, AssertionError):
    """The panel showed errors that the test never looked at."""

    code = "UNSEEN_ERRORS"
