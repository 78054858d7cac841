"""The whole status page: its head, its parts, its style and its script."""
from __future__ import absolute_import, division, print_function

import base64
import hashlib

from Products.ZServerViews.format.markup import escaped
from Products.ZServerViews.format.status_page.headline import Headline
from Products.ZServerViews.format.status_page.parts import HEADINGS, SLOW, STUCK
from Products.ZServerViews.format.status_page.script import SCRIPT
from Products.ZServerViews.format.status_page.style import STYLE
from Products.ZServerViews.format.units import utc

# Seconds after which a browser without scripts asks again.
REFRESH = 5

_PAGE = u'''<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<title>%(verdict)s: %(name)s</title>
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<noscript><meta http-equiv="refresh" content="%(refresh)d"></noscript>
<style>%(style)s</style>
</head>
<body>
<header>
<h1>Status <span id="verdict" class="%(kind)s">%(verdict)s</span></h1>
<p><span id="name">%(name)s</span>, as of
<span id="moment">%(moment)s</span><span id="age"></span></p>
<p id="notice" role="status"></p>
</header>
<main id="facts" data-tag="%(tag)s" data-time="%(time).1f"
 data-slow="%(slow)s" data-stuck="%(stuck)s">
<section id="stack" tabindex="-1" aria-labelledby="stack-name"%(hidden)s>
<h2 id="stack-name">%(stack_name)s</h2>
<pre id="stack-text" tabindex="0">%(stack_text)s</pre>
<a id="close" href="?">close</a>
</section>
%(sections)s</main>
<script>%(script)s</script>
</body>
</html>
'''

_SECTION = u'''<section aria-labelledby="%(id)s-heading">
<h2 id="%(id)s-heading">%(heading)s</h2>
<div id="%(id)s">%(part)s</div>
</section>
'''


def _hash(source):
    """As a policy has it (CSP3, section 2.3.1)."""
    digest = hashlib.sha256(source.encode('utf-8')).digest()
    return 'sha256-' + base64.b64encode(digest).decode('ascii')


SCRIPT_HASH = str(_hash(SCRIPT))
STYLE_HASH = str(_hash(STYLE))


def page(document, tag, parts, stack=None):
    """The HTML.

    ``document``
        That of `views.status_facts.facts`.
    ``tag``
        The ETag of what the script asks for, if that is the same.
    ``parts``
        What `parts.parts` makes of the document.
    ``stack``
        The document of one thread, or None.
    """
    headline = Headline(document)
    return _PAGE % {
        'verdict': headline.verdict, 'kind': headline.kind,
        'name': escaped(headline.name),
        'refresh': REFRESH, 'style': STYLE, 'script': SCRIPT,
        'moment': utc(document['time']), 'tag': escaped(tag),
        'time': document['time'], 'slow': SLOW, 'stuck': STUCK,
        'hidden': u' hidden' if stack is None else u'',
        'stack_name': u'Stack' if stack is None else escaped(
            stack['thread_name']),
        'stack_text': u'' if stack is None else escaped(stack['text']),
        'sections': u''.join(
            _SECTION % {'id': name, 'heading': heading, 'part': parts[name]}
            for name, heading in HEADINGS)}
