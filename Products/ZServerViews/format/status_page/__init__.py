"""The status page: the document of `views.status_facts` -> HTML.

Only values and text. `page` is the whole, `parts` what is replaced while it is
open, `charts` the last ten minutes; `style` and `script` are the same for all.
"""
from __future__ import absolute_import, division, print_function
