"""Real proxies in front of a site: what they open, and what is told of them."""
from __future__ import absolute_import, division, print_function

import json
import re
import time

import pytest

from tests.functional.proxies import NGINX_1_1, HAProxy, Nginx
from tests.functional.test_access import BEARER, VIEWS, write_token
from tests.functional.test_listener import with_settings
from tests.functional.test_overload import wait_until_waiting
from tests.waiting import awaited

REFUSED = 401

SUITE = ('<view monitor>', 'path /-/',
         'name Products.ZServerViews.views.monitor', '</view>')

# What of them adds no header at all and passes on the Host of the client.
SILENT = [(HAProxy, ()), (Nginx, NGINX_1_1)]
# And what shows itself in some way.
SHOWN = [(HAProxy, ('option forwardfor',)), (Nginx, ()),
         (Nginx, NGINX_1_1 + ('proxy_set_header X-Real-IP $remote_addr;',)),
         (Nginx, NGINX_1_1 + ('proxy_set_header Via "";',
                              'proxy_set_header Forwarded "for=_hidden";'))]


@pytest.fixture(scope='module')
def site(tmpdir_factory):
    from tests.functional.harness import Instance
    token = str(tmpdir_factory.mktemp('proxies').join('token'))
    write_token(token)
    instance = Instance(with_settings('token-file ' + token, VIEWS, *SUITE)).start()
    yield instance
    assert instance.is_running(), instance.output()
    instance.stop()


@pytest.fixture
def make_proxy(site):
    made = []

    def make(kind, *args, **kw):
        made.append(kind(site, *args, **kw))
        return made[-1].start()

    yield make
    for proxy in made:
        proxy.stop()


@pytest.mark.parametrize('kind, lines', SILENT + SHOWN)
def test_a_proxy_opens_nothing(make_proxy, kind, lines):
    proxy = make_proxy(kind, lines)
    for path in '/t', '/t/status', '/opened':
        assert proxy.get(path).code == 200, path
    for path in ('/t/operator', '/t/sensitive', '/t/apart', '/closed', '/r',
                 '/t/change'):
        assert proxy.get(path).code == REFUSED, path
        assert proxy.get(path, method='POST', body=b'x').code == REFUSED
    for path in '/t/operator', '/t/sensitive':
        assert proxy.get(path, headers=[BEARER]).code == 200
        # The connection to the site is kept, and has been let in once.
        assert proxy.get(path).code == REFUSED


@pytest.mark.parametrize('kind, lines', SILENT)
def test_it_is_the_user_that_tells_a_proxy_from_an_operator(make_proxy, kind,
                                                             lines):
    # Nothing else does: as docs/access.rst warns.
    proxy = make_proxy(kind, lines, user='root')
    for path in '/t/operator', '/t/sensitive':
        assert proxy.get(path).code == 200, path


# HAProxy's own check, without a word about it: OPTIONS, HTTP/1.0, no Host.
CHECKS = [('option httpchk OPTIONS /-/ready',),
          ('option httpchk', 'http-check send meth OPTIONS uri /-/live'),
          ('option httpchk', 'http-check send meth GET uri /-/startup?_=1 '
           'ver HTTP/1.1 hdr Host zope'),
          ('option httpchk HEAD /-/ready',)]


@pytest.mark.parametrize('lines', CHECKS)
def test_checks_of_haproxy(make_proxy, lines):
    proxy = make_proxy(HAProxy, lines + ('http-check expect status 200',),
                       options='check inter 100ms fall 1 rise 1')
    time.sleep(1)
    # It is up until the first check has failed.
    assert proxy.get('/t').code == 200


def test_a_check_that_fails_is_noticed(make_proxy):
    proxy = make_proxy(HAProxy, ('option httpchk GET /t/sensitive',),
                       options='check inter 100ms fall 1 rise 1')
    awaited(lambda: proxy.get('/t').code == 503)


# Who the client is said to be: in the access log, by a line of the site's and
# one of a view's, and in the list of requests.
FORWARDED = ('X-Forwarded-For', '198.51.100.9')
TRUSTING = {
    'waitress': {'listen': 'listen = 127.0.0.1:0\nthreads = 4\n'
                           'trusted_proxy = 127.0.0.1\n'
                           'trusted_proxy_headers = x-forwarded-for\n'
                           'clear_untrusted_proxy_headers = true'},
    'zserver': {'conf': 'trusted-proxy 127.0.0.1\n'}}


def clients(instance, forwarded):
    """(of the site's line, of the view's, of the request in work)"""
    headers = [('X-Forwarded-For', forwarded)]
    instance.get('/v/close_gate')
    with instance.connect() as connection:
        connection.request('/@@wait?name=site', headers=headers)
        wait_until_waiting(instance, 1)
        (found,) = json.loads(instance.get(
            '/-/requests?format=json').text)['requests']
        instance.get('/v/open_gate')
        assert connection.response().text == 'waited site'
    assert instance.get('/v/hello?view', headers=headers).code == 200
    log = (instance.wait_for_log(instance.ACCESS_LOG, r'/v/hello\?view')
           + instance.wait_for_log(instance.ACCESS_LOG, r'/(?:@@|%40%40)wait\?name=site'))
    assert found['peer_address'] == '127.0.0.1'
    return [re.search(r'(?m)^(.*?) - \S+ \[.*' + target, log).group(1)
            for target in (r'/(?:@@|%40%40)wait\?name=site', r'/v/hello\?view')
            ] + [found['client_address']]


FORGED = '6.6.6.6 - admin [01/Jan/2030:00:00:00 +0000] "GET /a HTTP/1.1" 200 1 '


def test_the_client_of_an_untrusted_proxy(make_instance):
    zope = make_instance(with_settings(*SUITE)).start()
    for forwarded in FORWARDED[1], FORGED:
        page, view, client = clients(zope, forwarded)
        assert view == page
        assert client == '127.0.0.1'


def test_the_client_of_a_trusted_proxy(make_instance):
    options = dict(TRUSTING[make_instance.kind.name.split()[0]])
    conf = with_settings(*SUITE) + options.pop('conf', '')
    zope = make_instance(conf, **options).start()
    page, view, client = clients(zope, FORWARDED[1])
    assert client == FORWARDED[1]
    # ZServer 4 reads its setting before it is set: its lines have the peer.
    assert view == page == ('127.0.0.1' if page == '127.0.0.1'
                            and zope.name == 'zserver' else client)


REWRITE = NGINX_1_1 + (
    'rewrite ^/(.*)$ /VirtualHostBase/https/www.example.com:443/'
    'VirtualHostRoot/_vh_intern/$1 break;',)


def test_a_path_for_the_virtual_host_monster(site, make_proxy):
    proxy = make_proxy(Nginx, REWRITE)
    site.get('/v/close_gate')
    with proxy.connect() as connection:
        connection.request('/@@wait?name=%s' % ('x' * 100))
        wait_until_waiting(site, 1)
        shown = 'GET https://www.example.com/intern/@@wait'
        assert '    %s\n' % shown in site.get('/-/requests').text
        assert re.search('(?m)^    for .*: %s$' % shown,
                         site.get('/-/threads').text)
        (found,) = json.loads(site.get(
            '/-/requests?format=json').text)['requests']
        (thread,) = [thread for thread in json.loads(site.get(
            '/-/threads?format=json').text)['threads'] if thread['request']]
        site.get('/v/open_gate')
        assert connection.response().code == 200
    path = ('/VirtualHostBase/https/www.example.com:443/VirtualHostRoot/'
            '_vh_intern/@@wait')
    assert found['path'] == thread['request_path'] == path
    assert found['asked_host'] == 'https://www.example.com'
    assert found['asked_path'] == '/intern/@@wait'
    assert thread['request'] == shown
