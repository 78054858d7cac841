"""A loop of our own, where the site's server has no hook: gunicorn and others.

Views run in its thread; WSGI workers hand requests over and wait. Imports from
no other server's folder: `service` gives it the listener, and Zope's pipeline.
"""
from __future__ import absolute_import, division, print_function
