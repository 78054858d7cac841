"""What has been found of the memory, for views."""
from __future__ import absolute_import, division, print_function

from Products.ZServerViews.monitor.memory.object_counts import Look
from Products.ZServerViews.monitor.memory.page_growth import Page
from Products.ZServerViews.monitor.memory.process_memory import ProcessMemory
from Products.ZServerViews.monitor.memory.tracing import TIME, Trace


def look(when, **found):
    made = Look(when, 0.0)
    made.counted = made.total = 1000
    made.held_seconds, made.seconds = 0.0125, 0.5
    made.types = {('shop.Basket', False): 5, ('dict', True): 900}
    for name, value in found.items():
        setattr(made, name, value)
    return made


def trace(number, **found):
    made = Trace(number, 10, 1000000000.0)
    for name, value in found.items():
        setattr(made, name, value)
    return made


def examined():
    """Two looks have been taken, and another one runs."""
    made = ProcessMemory(None, None)
    made.objects.before = look(1000000000.0,
                               persistent={'shop.Basket': [1, 2, 640]})
    made.objects.last = look(
        1000000060.0, types={('shop.Basket', False): 1005, ('dict', True): 800,
                             ('shop.Item', False): 7},
        persistent={'shop.Basket': [4, 2, 1280], 'shop.Item': [1, 0, 64]})
    made.objects.running = look(1000000120.0, counted=400, total=1007)
    for path, grown in ('/shop', 6 << 20), ('/', -4096):
        made.pages._pages[path] = page = Page()
        page.add(grown, True)
        page.add(grown * 2, False)
    made.tracing.unusable = lambda: None  # PY2 has no tracemalloc
    made.tracing.running = trace(2, elapsed=2.5)
    made.tracing.last = trace(
        1, elapsed=10.0, ended=TIME, held_seconds=0.125, blocks=300,
        bytes=4096 + 2048, places=[('/site/shop.py', 12, 4096, 200),
                                   ('/site/item.py', 7, 2048, 100)])
    return made
