"""Values that may take long to read: each is read by a thread of its own.

The loop looks at the last one, and at its age. A reading that hangs delays
nothing, and says for how long it has been hanging.
"""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews._compat import monotonic
from Products.ZServerViews.format.text import clean
from Products.ZServerViews.format.units import seconds
from Products.ZServerViews.monitor.helperchecks import LONGEST, HelperCheck

INTERVAL = 60
TIMEOUT = 10


class SlowReading(object):
    """One value, read again and again between `start` and `stop`.

    ``name``
        Of the thread.
    ``call``
        A function without arguments, which returns a value for JSON. Of what
        it raises only the type is told: a message may have a password in it.
    """

    def __init__(self, name, call, interval=INTERVAL, timeout=TIMEOUT,
                 clock=monotonic, **options):
        self._call = call
        self._clock = clock
        self._found = None, None  # moment and value of the last success
        self._error = None        # the name of an exception since then
        # Failures are values here: they are not repeated sooner.
        self._check = HelperCheck(name, self._read, interval, timeout, clock,
                                  **options)

    def start(self):
        """Have a thread, unless there is one."""
        self._check.start()

    def stop(self):
        """Have no further reading; waits for nothing."""
        self._check.stop()

    def begin_anew(self):
        """Have neither thread nor value; also in a forked child."""
        self._found = None, None
        self._error = None
        self._check.begin_anew()

    def document(self):
        """For JSON: the last ``value``, how old it is, and the ``state``:
        ``ok``, or why it is old or is not there.

        In any thread; never waits.
        """
        (moment, value), error = self._found, self._error
        check = self._check.result()
        return {'value': value,
                'age_seconds': None if moment is None
                else seconds(self._clock() - moment),
                'state': check.detail if error is None or not check.ok
                else u'raised ' + error}

    def _read(self):
        try:
            value = self._call()
            self._found = self._clock(), value
            self._error = None
        except Exception as error:
            self._error = clean(type(error).__name__, LONGEST)
