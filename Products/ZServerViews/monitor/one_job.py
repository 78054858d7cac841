"""One job at a time, in a thread that ends with it."""
from __future__ import absolute_import, division, print_function

import sys
from functools import partial

from Products.ZServerViews._daemons import Daemon, make_lock


class OneJob(object):
    """Begins with what is asked for, unless something runs already.

    ``running``
        What was begun last and has not ended, an object of the subclass's; or None.

    A subclass has a method ``work(job)``, which the thread calls.
    """

    def __init__(self, name, report):
        """``report(exc_info)`` is called where a job fails."""
        self._report = report
        self._daemon = Daemon(name)
        self.begin_anew()

    def begin_anew(self):
        """Have nothing that runs; also in a forked child, which has no thread."""
        self._daemon.dismiss()
        self._lock = make_lock()  # of event loops too, for a few instructions
        self.running = None

    def begin(self, make):
        """Start with the job that ``make()`` returns, and return it.

        None if one runs already. Raises where there can be no thread.
        """
        with self._lock:
            if self.running is not None:
                return None
            job = self.running = make()
        try:
            self._daemon.start(partial(self._run, job))
        except Exception:
            self.running = None
            raise
        return job

    def is_wanted(self, job):
        """Whether nobody has begun anew since: asked in the thread."""
        return self.running is job

    def _run(self, job):
        try:
            self.work(job)
        except Exception:
            self._report(sys.exc_info())
        finally:
            if self.running is job:
                self.running = None
