"""A module whose import lasts until the gate opens."""
from __future__ import absolute_import, division, print_function

import threading

import fixture_views

fixture_views.at_gate.append(threading.current_thread().ident)
fixture_views.gate.wait(120)
