"""What happens to a site now and then, one after the other.

Each takes a `servers.Site` and returns how many answers were right, as a visit
does.
"""
from __future__ import absolute_import, division, print_function

import contextlib
import json
import os
import signal

from tests.functional.test_access import BEARER
from tests.soak.servers import LIMIT
from tests.soak.visits import asking, right


def sigusr1(site):
    os.kill(site.instance.pid, signal.SIGUSR1)
    return right(site.get('/v/hello'), 200, 'hello')


def a_view_more(site):
    """It is there at once; and then it is another one."""
    number = 0
    for name, text in ('hello', 'hello'), ('no_content', None):
        target = '/@@add-view?key=later&entry=/later+fixture_views.' + name
        number += right(site.get(target), 200, 'added')
        number += right(site.get('/later'), 200 if text else 204, text)
    return number


def views_go_and_come(site):
    with site.disturbances.lasting('gone'):
        number = right(site.get('/@@come-and-go?times=4'), 200,
                       'came and went')
        site.wait_until(site.listens)
    return number + right(site.get('/v/hello'), 200, 'hello')


def more_connections_than_the_limit(site):
    """The idle ones go, and are more than have to; all others are answered."""
    number = 0
    with site.disturbances.lasting('full'), contextlib.ExitStack() as opened:
        for _number in range(LIMIT):
            opened.enter_context(site.connect())
        clients = []
        for _number in range(LIMIT // 2):
            clients.append(opened.enter_context(site.connect()))
            clients[-1].send(asking('/@@nap?seconds=0.02')
                             + asking('/v/hello'))
        for client in clients:
            number += right(client.response(), 200, 'awake')
            number += right(client.response(), 200, 'hello')
        opened.close()
        # Until the server has seen that they went, others still give way.
        site.wait_until(lambda: connections(site) < LIMIT // 2)
    return number + right(site.get('/v/hello'), 200, 'hello')


def connections(site):
    return json.loads(site.get('/-/workers?format=json').text)['connections']


def readiness(site, code):
    def is_so():
        answer = site.get('/-/ready')
        assert answer.code in (200, 503), answer.status
        return answer.code == code
    return is_so


def drained(site):
    site.wait_until(readiness(site, 200))
    number = 0
    with site.disturbances.lasting('drained'):
        for method, code in ('POST', 503), ('DELETE', 200):
            number += right(site.get('/-/drain', method=method,
                                     headers=[BEARER]), 200)
            number += right(site.get('/-/ready'), code)
    return number


def a_check_fails(site):
    told = site.path('raise')
    with open(told, 'w'):
        site.wait_until(readiness(site, 503))
    os.unlink(told)
    site.wait_until(readiness(site, 200))
    return 2


OTHERS = [sigusr1, a_view_more, more_connections_than_the_limit, drained,
          a_check_fails]
# Threads of views that have gone stay for a minute: there are to be times
# without them.
MOMENTS = [views_go_and_come] + OTHERS + OTHERS
