"""Things of a site that keep a process at its end, by ZSV_KEPT_BY."""
from __future__ import absolute_import, division, print_function

import atexit
import logging
import os
import threading
import time

from fixture_views import hello

__all__ = ['block', 'hello']

FOR_EVER = 300


def thread():
    threading.Thread(target=time.sleep, args=(FOR_EVER,),
                     name='of the site').start()


def handler():
    atexit.register(time.sleep, FOR_EVER)


def executor():
    from concurrent.futures import ThreadPoolExecutor
    ThreadPoolExecutor(1).submit(time.sleep, FOR_EVER)


def process():
    from multiprocessing import Process
    Process(target=outlive, args=(os.getpid(),)).start()


def outlive(parent):
    while os.getppid() == parent:
        time.sleep(0.1)


def pipe():
    """The handler of our own logger has a pipe that nobody reads."""
    reader, writer = os.pipe()
    fill(writer)
    kept.append(reader)
    logger = logging.getLogger('Products.ZServerViews')
    logger.addHandler(logging.StreamHandler(os.fdopen(writer, 'w')))
    logger.setLevel(logging.INFO)


def fill(writer):
    import fcntl
    flags = fcntl.fcntl(writer, fcntl.F_GETFL)
    fcntl.fcntl(writer, fcntl.F_SETFL, flags | os.O_NONBLOCK)
    try:
        while True:
            os.write(writer, b'x' * 4096)
    except EnvironmentError:
        pass  # it is full
    fcntl.fcntl(writer, fcntl.F_SETFL, flags)


kept = []


def block(environ, start_response):
    """Blocks the event loop for ever; a signal ends no part of it."""
    while True:
        try:
            time.sleep(FOR_EVER)
        except EnvironmentError:
            pass  # PY2: interrupted


if 'ZSV_KEPT_BY' in os.environ:
    globals()[os.environ['ZSV_KEPT_BY']]()
