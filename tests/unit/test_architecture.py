"""The rules of the package that no single module can keep."""
from __future__ import absolute_import, division, print_function

import ast
import io
import os
import subprocess
import sys

import pytest

import Products.ZServerViews

PACKAGE = 'Products.ZServerViews'
FOLDER = os.path.dirname(os.path.abspath(Products.ZServerViews.__file__))

# Lower rooms know nothing of higher ones; a room may import what stands in a
# line above its own.
ROOMS = [
    ['_compat', 'interfaces', 'contracts', 'chunked', 'journal', 'dotted',
     'settings', 'datatypes', 'zope2', 'addresses', 'bearer', 'failures'],
    ['head'],
    ['answer', 'base', 'accesslog', 'process_settings', 'loops',
     'armour', 'reserve', 'drain', 'signals', 'budget', 'lanes', 'aside',
     'access', 'hangdump'],
    ['monitor', 'monitor.calling', 'monitor.formats', 'monitor.backlog',
     'monitor.process', 'storages'],
    ['readychecks'],
    ['monitor.waiting', 'monitor.liveness', 'monitor.requests'],
    ['monitor.threads', 'monitor.helperchecks', 'monitor.recorder',
     'publication'],
    ['monitor.stacks', 'views.accept', 'views.parameters'],
    ['views.base'],
    ['views.threads', 'views.requests'],
    ['views.workers', 'views.health', 'views.drain', 'views.index'],
    ['views.info'],
    ['views'],
    ['gateway', 'table', 'tests.common', 'threaddump'],
    ['listener', 'standin'],
    ['watchdog'],
    ['site'],
    ['hooks', 'hooks.pump', 'hooks.wasyncore_requests',
     'hooks.medusa_environ', 'hooks.medusa_log', 'hooks.medusa_record'],
    ['hooks.wasyncore_server', 'hooks.medusa_gate', 'hooks.medusa_channel'],
    ['hooks.wasyncore_reserved', 'hooks.wasyncore_state',
     'hooks.medusa_reserved', 'hooks.medusa_state', 'hooks.medusa_server'],
    ['hooks.wasyncore_environ'],
    ['hooks.wasyncore_channel'],
    ['hooks.wasyncore', 'hooks.medusa'],
    ['hooks.wasyncore1'],
    ['service'],
    [''],
    ['check', 'check.errors', 'check.figures', 'check.client', 'check.work',
     'check.child'],
    ['check.slow', 'check.control', 'check.zopeconf', 'check.ini',
     'check.scenarios', 'check.conduct', 'check.report'],
    ['check.instance', 'check.arguments', 'check.course'],
    ['check.__main__'],
]

FUTURE = {'absolute_import', 'division', 'print_function'}

SERVERS = {'waitress', 'ZServer', 'medusa', 'asyncore'}
FORBIDDEN = {'App', 'OFS', 'Zope2', 'ZPublisher', 'Zope', 'ZODB',
             'transaction', 'AccessControl', 'paste', 'Paste'} | SERVERS
# Those of the check that run in the site it starts.
IN_THE_CHILD = {'check.child': {'Zope2', 'ZServer'},
                'check.control': {'App'},
                'check.work': {'ZPublisher'}}

# Functions that import a module of ours, for not every site needs it.
LATER = {'': {'initialize'},
         'service': {'_old_waitress_hook', '_read_checks'},
         'site': {'_made_checks', 'record', 'describe'},
         'watchdog': {'equip'},
         'hooks.wasyncore': {'_equip'}}


def modules():
    """{name below the package: tree of its source}"""
    found = {}
    for folder, _folders, files in os.walk(FOLDER):
        for name in files:
            if name.endswith('.py'):
                path = os.path.join(folder, name)
                with io.open(path, 'rb') as source:
                    tree = ast.parse(source.read(), path)
                below = os.path.relpath(path, FOLDER)[:-3]
                dotted = below.replace(os.sep, '.')
                found[dotted.rpartition('__init__')[0].rstrip('.')
                      if dotted.endswith('__init__') else dotted] = tree
    return found


MODULES = modules()
WRITTEN = sorted(name for name in MODULES if MODULES[name].body)


def imports(tree, module_level=False):
    """(module, names imported from it), in functions too unless told."""
    for node in walk(tree, module_level):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield alias.name, ()
        elif isinstance(node, ast.ImportFrom):
            assert not node.level, 'imports are absolute'
            yield node.module, [alias.name for alias in node.names]


def walk(node, module_level):
    for child in ast.iter_child_nodes(node):
        yield child
        if not (module_level and isinstance(child, functions())):
            for below in walk(child, module_level):
                yield below


def functions():
    kinds = [ast.FunctionDef, ast.Lambda]
    kinds += [ast.AsyncFunctionDef] if hasattr(ast, 'AsyncFunctionDef') else []
    return tuple(kinds)


def own_imports(name):
    """The modules of this package that a module imports, anywhere in it."""
    for module, names in imports(MODULES[name]):
        if module == PACKAGE or module.startswith(PACKAGE + '.'):
            below = module[len(PACKAGE) + 1:]
            inner = [imported for imported in names
                     if (below + '.' + imported).strip('.') in MODULES]
            if inner:
                for imported in inner:
                    yield (below + '.' + imported).strip('.')
            else:
                yield below


def height(name):
    heights = [number for number, room in enumerate(ROOMS) if name in room]
    assert len(heights) == 1, 'where does %r belong?' % name
    return heights[0]


def test_the_whole_package_is_looked_at():
    assert {'', 'answer', 'gateway', 'service', 'table', 'hooks',
            'hooks.wasyncore', 'tests', 'tests.common'} <= set(MODULES)
    assert sum(len(list(own_imports(name))) for name in WRITTEN) > 20


@pytest.mark.parametrize('name', WRITTEN)
def test_imports_go_downwards_only(name):
    for imported in own_imports(name):
        assert height(imported) < height(name), imported


@pytest.mark.parametrize('name', ROOMS[0])
def test_the_foundations_import_nothing_of_ours(name):
    assert list(own_imports(name)) == []


def later_imports(node, function=None):
    """(function, module of this package) of the imports inside functions."""
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.ImportFrom) and function is not None:
            if child.module.split('.')[:2] == PACKAGE.split('.'):
                yield function
        inner = child.name if isinstance(child, ast.FunctionDef) else function
        for found in later_imports(child, inner):
            yield found


@pytest.mark.parametrize('name', WRITTEN)
def test_later_imports_stand_where_the_configuration_is_read(name):
    # Each of these functions runs in the thread that reads it. The loop must
    # not import: that reads files, and takes a lock that others hold.
    if not name.startswith('check'):
        assert set(later_imports(MODULES[name])) == LATER.get(name, set())


@pytest.mark.parametrize('name', WRITTEN)
def test_nothing_of_zope_or_a_server_is_imported_with_a_module(name):
    for module, _names in imports(MODULES[name], module_level=True):
        assert module.partition('.')[0] not in FORBIDDEN, module


@pytest.mark.parametrize('name', WRITTEN)
def test_only_hooks_know_servers_and_only_the_front_knows_zope(name):
    roots = set(module.partition('.')[0]
                for module, _names in imports(MODULES[name]))
    expected = set()
    if name.startswith('hooks.'):
        expected = SERVERS
    elif name in ('', 'zope2', 'storages'):
        expected = {'App'}
    elif name in IN_THE_CHILD:
        expected = IN_THE_CHILD[name]
    elif name == 'publication':
        expected = {'ZPublisher'}
    assert roots & FORBIDDEN <= expected


@pytest.mark.skipif(not hasattr(sys, 'stdlib_module_names'),
                    reason='this Python does not list its own library')
def test_other_packages_are_those_that_setup_asks_for():
    known = set(sys.stdlib_module_names) | {'ZConfig', 'zope', 'Products'}
    roots = set(module.partition('.')[0] for name in WRITTEN
                for module, _names in imports(MODULES[name], True))
    assert roots - {'urllib', 'thread'} <= known
    assert {'ZConfig', 'zope'} <= roots


@pytest.mark.parametrize('name', WRITTEN)
def test_each_module_has_the_three_future_imports(name):
    first = [node for node in MODULES[name].body
             if not (isinstance(node, ast.Expr)
                     and isinstance(node.value, getattr(
                         ast, 'Constant', getattr(ast, 'Str', ()))))][0]
    assert isinstance(first, ast.ImportFrom)
    assert first.module == '__future__'
    assert {alias.name for alias in first.names} == FUTURE


@pytest.mark.parametrize('name', WRITTEN)
def test_each_module_says_what_it_is_for(name):
    assert ast.get_docstring(MODULES[name])


IMPORT_ALL = """
import atexit, importlib, logging, sys, threading
registered = []
atexit.register = lambda *args, **kw: registered.append(args)
loggers = set(logging.root.manager.loggerDict)
try:
    from waitress.server import BaseWSGIServer
except ImportError:
    BaseWSGIServer = None
before = dict(vars(BaseWSGIServer)) if BaseWSGIServer else {}
for name in %r:
    importlib.import_module(name)
assert threading.active_count() == 1, threading.enumerate()
assert not registered, registered
if BaseWSGIServer:
    assert dict(vars(BaseWSGIServer)) == before
new = set(logging.root.manager.loggerDict) - loggers
assert not [name for name in new if 'ZServerViews' in name], new
"""


def run_child(text):
    child = subprocess.Popen([sys.executable, '-c', text],
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             cwd=os.path.dirname(os.path.dirname(FOLDER)))
    output, _ = child.communicate()
    assert child.returncode == 0, output


def names():
    return [(PACKAGE + '.' + name).rstrip('.') for name in WRITTEN]


def test_importing_starts_no_thread_and_patches_nothing():
    run_child(IMPORT_ALL % (names(),))


def test_importing_imports_neither_zope_nor_a_server():
    # Some packages are there from the start, by .pth files of theirs.
    run_child('import importlib, sys\n'
              'before = set(sys.modules)\n'
              'for name in %r:\n'
              '    importlib.import_module(name)\n'
              'new = set(sys.modules) - before\n'
              'assert not new & set(%r), new\n'
              % (names(), sorted(FORBIDDEN)))
