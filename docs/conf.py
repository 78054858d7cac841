"""How Sphinx builds these pages: sphinx-build -W -b html docs build/docs"""
from __future__ import absolute_import, division, print_function

from importlib.metadata import version as version_of

project = 'Products.ZServerViews'
author = 'Products.ZServerViews contributors'
copyright = author
release = version = version_of(project)

# Nothing that needs a network: no intersphinx.
extensions = ['sphinx.ext.autodoc']
autodoc_member_order = 'bysource'

html_theme = 'furo'
html_title = 'Products.ZServerViews ' + release
# The names of settings have two dashes at times; they are no typography.
smartquotes = False
