"""One module for each kind of server; each imports its server in install()."""
from __future__ import absolute_import, division, print_function
