"""The queue of gunicorn's threaded workers, and who waits in it.

Knows gunicorn by the objects that it gives us, and imports nothing of it: a
gunicorn with workers of another class has no such queue.
"""
from __future__ import absolute_import, division, print_function
