"""The kinds of servers for `make demo SERVER=...`."""
from __future__ import absolute_import, division, print_function

from demo import instance, other_servers

KINDS = {
    'waitress': instance.WaitressInstance,
    'zserver': instance.ZServerInstance,
    'gunicorn': other_servers.GunicornInstance,
    'cheroot': other_servers.CherootInstance,
    'bjoern': other_servers.BjoernInstance,
    'werkzeug': other_servers.WerkzeugInstance,
    'uwsgi': other_servers.UWSGIInstance,
}
