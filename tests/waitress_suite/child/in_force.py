"""Is the hook in force in servers that are started as waitress's tests do?

Runs together with waitress's tests, from which the server classes and
the way to start them come, without and with the hook: without it the paths
of the views belong to the application, as all others do. So these tests
also show that they can tell the one from the other.
"""
from __future__ import absolute_import, division, print_function

import unittest

import pytest
from zserverviews_answers import PLAIN, TEXT, application

from tests import test_functional  # the archive's

HOOK_PLUGIN = 'zserverviews_hooked'
ANSWER_SECONDS = 30


class InForce(object):

    @pytest.fixture(autouse=True)
    def learn_mode(self, request):
        self.hooked = request.config.pluginmanager.hasplugin(HOOK_PLUGIN)

    def setUp(self):
        self.start_subprocess(application)
        self.sock.settimeout(ANSWER_SECONDS)

    def tearDown(self):
        self.stop_subprocess()

    def ask(self, fp, path):
        request = 'GET {} HTTP/1.1\r\nHost: localhost\r\n\r\n'.format(path)
        self.sock.sendall(request.encode('ascii'))
        line, _headers, body = test_functional.read_http(fp)
        self.assertline(line, '200', 'OK', 'HTTP/1.1')
        name, process, thread = body.decode('ascii').split(' ', 2)
        self.assertEqual(int(process), self.proc.pid)
        return name, thread

    def check_view(self, answer):
        if self.hooked:
            self.assertEqual(answer, ('view', 'MainThread'))
        else:
            self.check_application(answer)

    def check_application(self, answer):
        name, thread = answer
        self.assertEqual(name, 'application')
        self.assertTrue(thread.startswith('waitress-'), thread)

    def answers(self, *paths):
        """Answers to one request after the other on one connection."""
        self.connect()
        with self.sock.makefile('rb', 0) as fp:
            return [self.ask(fp, path) for path in paths]

    def test_plain_view(self):
        answer, = self.answers(PLAIN)
        self.check_view(answer)

    def test_text_view(self):
        answer, = self.answers(TEXT)
        self.check_view(answer)

    def test_one_head_again_and_again(self):
        for answer in self.answers(*[PLAIN] * 4):
            self.check_view(answer)

    def test_application(self):
        below, front = self.answers(PLAIN + '/below', '/')
        self.check_application(below)
        self.check_application(front)

    def test_both_on_one_connection(self):
        first, second, third, fourth = self.answers('/', PLAIN, '/', TEXT)
        self.check_application(first)
        self.check_view(second)
        self.check_application(third)
        self.check_view(fourth)


class TcpInForceTests(InForce, test_functional.TcpTests, unittest.TestCase):
    pass


class UnixInForceTests(InForce, test_functional.UnixTests, unittest.TestCase):
    pass
