"""format.status_page: HTML that is whole, safe and small."""
from __future__ import absolute_import, division, print_function

import re

import pytest

from Products.ZServerViews.format.status_page import page
from Products.ZServerViews.format.status_page.parts import (
    HEADINGS,
    SLOW,
    STUCK,
    parts,
)
from Products.ZServerViews.format.status_page.script import SCRIPT
from Products.ZServerViews.format.status_page.style import STYLE
from tests.unit.format.status_page.examples import NOW, ODD, full

MOST_BYTES = 60 * 1024
EMPTY = frozenset(['meta', 'link', 'path'])


def html(document, stack=None):
    return page.page(document, u'W/"tag"', parts(document), stack)


def assert_closed(text):
    """Each element that is opened is closed, in the right order."""
    text = re.sub('(?s)<(style|script)>.*?</(style|script)>', '', text)
    opened = []
    for end, name in re.findall('<(/?)([a-z][a-z0-9]*)', text):
        if end:
            assert opened.pop() == name, (name, opened)
        elif name not in EMPTY:
            opened.append(name)
    assert opened == []


@pytest.mark.parametrize('document', [
    full(), full(details=False), full(number=0)], ids=['all', 'less', 'none'])
def test_it_is_whole_and_small(document):
    text = html(document)
    assert_closed(text)
    assert len(text.encode('utf-8')) <= MOST_BYTES
    assert ODD not in text
    for _name, heading in HEADINGS:
        assert '>%s</h2>' % heading in text
    assert set(parts(document)) == set(name for name, _heading in HEADINGS)
    # The policy would not allow it.
    assert ' style=' not in text and ' onclick=' not in text


def test_the_worst_that_clients_can_send():
    for worst in u'"' * 100, u'<' * 100, u'\u20ac' * 100:
        text = html(full(text=worst))
        assert len(text.encode('utf-8')) <= MOST_BYTES
        assert_closed(text)
        shown = parts(full(text=worst))['requests'].count('<code>')
        assert 0 < shown < 40
        assert '%d younger ones are not shown' % (43 - shown) in text


def test_the_script_and_the_style_cannot_end_early():
    assert '</' not in SCRIPT and '<!--' not in SCRIPT
    assert '<' not in STYLE and 'url(' not in STYLE
    assert SCRIPT in html(full()) and STYLE in html(full())


def test_a_verdict_with_its_reasons():
    text = html(full())
    assert 'fails: progress: &lt;&amp;&quot;' in text
    assert 'event-loop' not in text


def test_the_headline():
    document = dict(full(number=0), instance=u'zope1', host=u'host7')
    for word, kind in (u'stuck', u'fails'), (u'not ready', u'fails'), (
            u'full', u'warns'), (u'draining', u'quiet'), (u'ok', u'good'):
        text = html(dict(document, condition=word))
        assert '<title>%s: zope1 on host7, process 4711</title>' % word in text
        assert '<span id="verdict" class="%s">%s</span>' % (kind, word) in text
    document['instance'] = u''
    assert '<title>stuck: host7, process 4711</title>' in html(document)
    assert 'taken a request for <span class="age" data-since="%.1f">1 min 10 s' % (
        NOW - 70) in html(document)
    document['still_since'] = None
    assert 'taken a request' not in html(document)


LONG = [u'&' * 100, u'"' * 100, u'\U0001f4a9' * 100]


@pytest.mark.parametrize('worst', LONG, ids=['ampersand', 'quote', 'four'])
def test_the_worst_names_of_all(worst):
    """Of threads, views, checks, databases and processes, in any number."""
    document = full(text=worst)
    document['health'] = [dict(one, ok=False, checks=[
        {'name': worst, 'ok': False, 'detail': worst}] * 50)
        for one in document['health']]
    for worker in document['workers']:
        worker['thread_name'] = worst[:40]
    for request in document['requests']:
        request['thread_name'] = worst[:40]
    for name, key, length in ('processes', 'address', 60), (
            'databases', 'name', 100), ('slow_views', 'path', 100), (
            'incidents', 'said', 100):
        for one in document[name]:
            one[key] = worst[:length]
    text = html(document)
    assert len(text.encode('utf-8')) <= MOST_BYTES
    assert_closed(text)
    assert 'more are not shown' in parts(document)['workers']
    assert re.search('; [0-9]+ more</li>', parts(document)['health'])


def test_the_other_processes():
    text = parts(full())['health']
    assert '<td>4712</td><td>3 <small>of 4</small></td><td>-</td>' in text
    assert '<td>4715, worker 3</td>' in text
    assert '<td>4713, worker 1 <b class="fails">&lt;&amp;&quot;' in text
    # Their addresses are as long as they may be: not all have room.
    shown = text.count('<tr>') - 1
    assert shown >= 8 and '%d more are not shown' % (18 - shown) in text
    document = dict(full(number=0), still_since=None)
    assert 'process' not in parts(document)['health'].partition('</p>')[2]
    document['processes'] = None  # nobody can ask them
    assert 'one process of the site' in parts(document)['health']
    document['worker'] = None     # there are none
    assert 'process' not in parts(document)['health'].partition('</p>')[2]


def test_the_script_knows_what_is_slow_and_stuck_from_the_page():
    assert 'data-slow="%s" data-stuck="%s"' % (SLOW, STUCK) in html(full())
    assert '+facts.dataset.slow' in SCRIPT and '+facts.dataset.stuck' in SCRIPT


def test_ages_run_from_a_moment():
    document = full(number=3)
    assert '<span class="age" data-since="%.1f">2.0 s</span>' % (NOW - 2) in (
        parts(document)['requests'])
    kinds = re.findall('<li class="cell ([a-z]+)">', parts(document)['workers'])
    assert set(kinds) == {'slow', 'stuck'}
    document['workers'][0]['began'] = NOW
    assert 'cell works' in parts(document)['workers']


def test_only_who_may_see_stacks_has_links_to_them():
    assert '?stack=140000000000001' in parts(full())['workers']
    assert '?stack=' not in html(full(details=False))


def test_a_stack():
    text = html(full(number=0), {'thread_name': ODD, 'text': u'in <module>'})
    assert_closed(text)
    assert 'in &lt;module&gt;' in text and ODD not in text
    assert re.search('<section id="stack"[^>]* hidden>', html(full(number=0)))
    assert not re.search('<section id="stack"[^>]* hidden>', text)


def test_charts_say_what_they_show():
    text = parts(full())['minutes']
    assert text.count('<svg role="img" aria-label="') == 3
    assert 'now 590.0/s, most 590.0/s' in text
    assert text.count('class="bad"') == text.count('class="half"') == 1
    nothing = full()
    for interval in nothing['intervals']:
        interval.update(requests=0, failed=0, p50_seconds=None,
                        p95_seconds=None)
    assert 'now -, most -' in parts(nothing)['minutes']
    assert 'Nothing yet' in parts(full(number=0))['minutes']


def test_what_is_not_known():
    document = full(number=0)
    for name in document['numbers']:
        if name not in ('busy', 'finished', 'finished_by_seconds'):
            document['numbers'][name] = None
    document.update(incidents=None, worker=None)
    text = html(document)
    assert_closed(text)
    assert 'None</' not in text
    assert 'see the view history' in text
