"""How the process is in one word, and which it is: the headline and the tab's title."""
from __future__ import absolute_import, division, print_function

# What a word is shown as; all others fail. Draining is what somebody wants.
_KINDS = {u'ok': u'good', u'full': u'warns', u'draining': u'quiet'}


class Headline(object):
    """Of a document of `views.status_facts.facts`.

    ``verdict``
        The word.
    ``kind``
        The class of the element that has it.
    ``name``
        Of the process, where several are open in tabs.
    """

    def __init__(self, document):
        self.verdict = u'%s' % document['condition']
        self.kind = _KINDS.get(self.verdict, u'fails')
        self.name = u'%s, process %d' % (u' on '.join(
            filter(None, [document['instance'], document['host']])),
            document['pid'])

    def document(self):
        """As JSON has it."""
        return {'verdict': self.verdict, 'kind': self.kind, 'name': self.name}
