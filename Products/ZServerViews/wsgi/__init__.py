"""One request answered by one view: PEP 3333, the response, sending it.

Knows no server: a server hands over facts of a request and gets blocks of bytes.
Also views that are offloaded to threads of their own, and what each view costs.
"""
from __future__ import absolute_import, division, print_function
