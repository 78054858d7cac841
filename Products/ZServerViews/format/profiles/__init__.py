"""A profile -> files: collapsed stacks, speedscope, Firefox, pprof, a flame graph.

Pure functions of a `sampled.Profile`, one module for each format; `formats` is
their one list. Nothing here knows who has taken the samples, or where from.
"""
from __future__ import absolute_import, division, print_function
