"""Lines of ZServer's access log, written by the log queue's thread.

A line is what the request's own method `log` would write. Where nothing
unusual is configured, the loop makes the text of a line, and many of them are
handed over at once: the same bytes in the same order, for an eighth of the
time, which the loop would have to wait for the interpreter otherwise. So it is
done with the lines of Zope's requests too: this pays for the rest that they
pay while views are served.

A request that waited for its line, with all it consists of, would count for
Python's garbage collector; a text does not.
"""
from __future__ import absolute_import, division, print_function

import base64
import binascii
import logging
import time
from functools import partial

from Products.ZServerViews.runtime.access_log import write_together
from Products.ZServerViews.runtime.log_queue import attempt

USER_AGENT, REFERER = 'user-agent', 'referer'
AUTHORIZATION, FORWARDED = 'authorization', 'x-forwarded-for'
WANTED = frozenset([USER_AGENT, REFERER, AUTHORIZATION, FORWARDED])
# Most headers are none of them, as their first letter shows.
BEGIN = frozenset(''.join(name[0] + name[0].upper() for name in WANTED))


class Lines(object):
    """Leaves lines to the log queue; in the loop."""

    def __init__(self, log_queue):
        self._log_queue = log_queue
        self._writers = {}  # of each log
        self._http = None
        self._usual = None
        self._second = None
        self._date = None
        # The headers of the latest line: often the next has the same.
        self._latest = None, None

    def prepare(self):
        """Look at ZServer, in a thread that may import."""
        from ZServer import AccessLogger
        from ZServer.medusa import http_server, logger
        self._http = http_server
        self._usual = (
            logger.unresolving_logger, vars(logger),
            AccessLogger.AccessLogger, vars(AccessLogger), vars(http_server))

    def put(self, request, sent):
        """Leave the line of a request that has just been answered.

        ``sent`` is in bytes. Returns False, and does nothing, if something
        else than ZServer has a part in the line.
        """
        log = self._plain_log(request)
        if log is None:
            return False
        try:
            line = self._line(request, sent, time.time())
        except Exception:
            # It fails there once more, and is told of.
            self._log_queue.put(partial(request.log, sent))
            return True
        writer = self._writers.get(log)
        if writer is None:
            writer = self._writers[log] = partial(write, log)
        self._log_queue.put_to(writer, line)
        return True

    def _plain_log(self, request):
        """ZServer's AccessLogger, if nothing else has a part in the line."""
        log = request.channel.server.logger
        resolves_not, in_logger, access_logger, in_access, in_http = self._usual
        if (log.__class__ is resolves_not
                and log.logger.__class__ is access_logger
                # Neither a subclass's nor somebody's patch.
                and _is_of(request.log, in_http) and _is_of(log.log, in_logger)
                and _is_of(log.logger.log, in_access)):
            return log.logger
        return None

    def _line(self, request, sent, when):
        """What http_request.log writes at that moment, without its line end.
        """
        known, headers = self._latest
        if request.header != known:
            headers = wanted(request.header)
            self._latest = request.header, headers
        return '%s - %s [%s] "%s" %d %d "%s" "%s"' % (
            self._origin(request, headers.get(FORWARDED)),
            _user(headers.get(AUTHORIZATION)), self._date_of(request, when),
            request.request, request.reply_code, sent,
            headers.get(REFERER) or '', headers.get(USER_AGENT) or '')

    def _origin(self, request, forwarded):
        origin = request.channel.addr[0]
        if forwarded and origin in self._http.trusted_proxies:
            return forwarded.split(',')[-1].strip() or origin
        return origin

    def _date_of(self, request, when):
        if int(when) != self._second:
            self._date = request.log_date_string(when)
            self._second = int(when)
        return self._date


class LineProducer(object):
    """Stands for one line among what a channel sends, as ZServer's own
    LoggingProducer: it is asked, in the loop, once all before it is out."""

    def __init__(self, lines, request, sent, method='log'):
        self._lines = lines
        self._request = request
        self._sent = sent
        self._method = method

    def more(self):
        # Kept no longer: the request refers to its channel.
        request, self._request = self._request, None
        if self._method != 'log' or not self._lines.put(request, self._sent):
            getattr(request, self._method)(self._sent)
        return ''


def wanted(lines):
    """{name: value} of the headers that a line shows, by medusa's rules."""
    headers = {}
    for header in lines:
        if header[:1] not in BEGIN:
            continue
        # Medusa finds those alone that have a blank.
        name, colon, value = header.partition(': ')
        name = name.lower()
        if name in WANTED and colon:
            headers.setdefault(name, value)
    return headers


def _user(authorization):
    if authorization is None or authorization[:6].lower() != 'basic ':
        return 'Anonymous'
    try:
        decoded = base64.decodestring(authorization[6:])
    except binascii.Error:
        decoded = ''
    name, colon, _password = decoded.partition(':')
    return name if colon else 'Unknown (bad auth string)'


def write(log, lines):
    """Have ZServer's AccessLogger write each line; all at once if it can.

    By the log queue. A line that cannot be written costs no other.
    """
    if not log.logger.handlers:
        return  # then it is silent
    if not write_together(log.logger, logging.WARNING, lines):
        for line in lines:
            attempt(log.log, line)


def _is_of(method, module):
    """Whether it is a method whose function was written in that module."""
    function = getattr(method, '__func__', None)
    return getattr(function, '__globals__', None) is module
