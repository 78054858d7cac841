"""Reads PORT, ONCE and SERVER from the environment and runs the demo.

    PORT     the port of 127.0.0.1 to listen on (8080)
    ONCE     when not empty, stop after the steps instead of staying up;
             the exit code says whether they went as promised
    SERVER   the kind of server, one of `kinds.KINDS` (waitress)
"""
from __future__ import absolute_import, division, print_function

import os
import sys
import time

from tools import old_python

old_python.refuse()

from demo import steps
from demo.client import HOST
from demo.instance import USER
from demo.kinds import KINDS
from demo.process import Process, Stopped, check_port, ignore_signals, stop_on_signals
from tools.places import BUILD, CHECKOUT
from tools.words import Complaint, say

FOLDER = os.path.join(BUILD, 'demo')


def chosen_port():
    value = os.environ.get('PORT') or '8080'
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise Complaint('PORT={0} is not a port: choose a number from 1 to '
                        '65535.'.format(value))
    return int(value)


def chosen_kind():
    value = os.environ.get('SERVER') or 'waitress'
    if value not in KINDS:
        raise Complaint('SERVER={0} is not known; choose one of: {1}.'.format(
            value, ', '.join(sorted(KINDS))))
    return value


def row(name, value):
    say('  {0:<12} {1}'.format(name, value))


def chosen_instance():
    kind, port = chosen_kind(), chosen_port()
    environment = KINDS[kind].environment_class(
        os.path.join(FOLDER, 'env-' + KINDS[kind].environment_name),
        KINDS[kind].requirements, log=os.path.join(FOLDER, 'pip.log'))
    instance = KINDS[kind](environment, os.path.join(FOLDER, kind), port)
    if instance.views_port > 65535:
        raise Complaint('PORT={0} is not followed by a port for the listener: '
                        'choose a smaller one.'.format(port))
    return instance


def make(instance):
    environment = instance.environment
    started = time.monotonic()
    if not environment.is_ready():
        say('Making an environment with Zope; this takes a minute ...\n')
        environment.make()
    # Again each time, so that the demo shows the checkout as it is now.
    environment.install_checkout()
    instance.install()
    row('environment', '{0}, ready after {1:.0f} s'.format(
        os.path.relpath(environment.folder, CHECKOUT),
        time.monotonic() - started))
    instance.make()
    row('instance', os.path.relpath(instance.folder, CHECKOUT))
    row('server', instance.described())


def print_addresses(instance):
    site = 'http://{0}:{1}'.format(HOST, instance.port)
    views = 'http://{0}:{1}'.format(HOST, instance.views_port)
    row('site', site + '/')
    row('management', '{0}/manage ({1})'.format(site, USER))
    for path in steps.VIEWS:
        row('view', site + path)
        if instance.has_listener:
            row('... listener', views + path)
    row('monitor', views + '/-/')
    say()


def stay_up(process, port):
    say('Up until Ctrl-C. To put a worker to sleep yourself:\n'
        "   curl 'http://{0}:{1}/@@sleep?seconds=30'".format(HOST, port))
    process.wait()


def demo():
    instance = chosen_instance()
    check_port(instance.port)
    if instance.has_listener:
        check_port(instance.views_port)
    make(instance)
    process = Process(instance, os.path.join(FOLDER, 'server.log'))
    try:
        process.start()
        print_addresses(instance)
        good = steps.run(steps.Stage(instance, process))
        say('As promised: {0}.'.format(instance.promise) if good else
            'NOT as promised: see the rows above.')
        if not os.environ.get('ONCE'):
            stay_up(process, instance.port)
    finally:
        # A second Ctrl-C must not leave the server behind.
        ignore_signals()
        process.stop()
    return 0 if good else 1


def main():
    stop_on_signals()
    try:
        return demo()
    except Complaint as error:
        say(str(error))
        return 1
    except Stopped:
        say('\nStopped.')
        return 0


if __name__ == '__main__':
    sys.exit(main())
