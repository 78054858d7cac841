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

# One row a storey: what stands in it, folders and modules of the package's root,
# may import what stands in rows above its own, and within a folder each other.
STOREYS = [
    ['_compat', 'interfaces'],
    ['base', 'format', '_daemons'],
    ['_tallies'],
    ['http', 'config'],
    ['access', 'wsgi', 'monitor'],
    ['history'],
    ['runtime'],
    ['servers', 'zopeapp', 'views', 'tests', 'companion'],
    ['service'],
    ['', 'cli'],
]

# Beside these, the root has component.xml and the folder of the example view.
MOST_IN_THE_ROOT = 8

# Of a function.
MOST_LINES = 40
MEDIAN_LINES = 8

FUTURE = {'absolute_import', 'division', 'print_function'}

SERVERS = {'waitress', 'ZServer', 'medusa', 'asyncore'}
FORBIDDEN = {'App', 'OFS', 'Zope2', 'ZPublisher', 'Zope', 'ZODB',
             'transaction', 'AccessControl', 'paste', 'Paste'} | SERVERS
# Those of the check that run in the site it starts.
IN_THE_CHILD = {'cli.check.child': {'Zope2', 'ZServer'},
                'cli.check.control': {'App'},
                'cli.check.work': {'ZPublisher'}}

# Functions that import a module of ours, for not every site needs it.
LATER = {'': {'initialize', '_serve'},
         'service': {'_examine_memory', '_keep_on_disk', '_old_waitress_hook',
                     '_own_hook', '_read_checks', '_record', '_watch_databases',
                     '_watch_for_loops'},
         'runtime.equipment': {'_made_checks', 'record', 'describe', 'measure',
                               'remember', 'profile', '_bridge',
                               'change_log_levels', 'know_systemd',
                               'examine_memory'},
         'runtime.watchdog': {'equip'},
         'servers.waitress.hook': {'_equip'}}


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
FOLDERS = sorted(name for name in MODULES if os.path.exists(
    os.path.join(FOLDER, *name.split('.') + ['__init__.py']))
    and name not in ('', 'tests'))


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


def folder_of(name):
    """The first word of a module's name, '' for the package itself."""
    return name.partition('.')[0]


def storey(name):
    found = [number for number, row in enumerate(STOREYS)
             if folder_of(name) in row]
    assert len(found) == 1, 'where does %r belong?' % name
    return found[0]


def test_the_whole_package_is_looked_at():
    assert {'', 'service', 'http.head', 'wsgi.response', 'tests.common',
            'servers.waitress', 'servers.zserver.hook'} <= set(MODULES)
    assert sum(len(list(own_imports(name))) for name in WRITTEN) > 100


def test_there_are_few_storeys():
    assert len(STOREYS) <= 10


def test_the_root_has_few_modules():
    root = [name for name in MODULES if '.' not in name
            and not os.path.isdir(os.path.join(FOLDER, name))]
    assert len(root) + 1 <= MOST_IN_THE_ROOT, root


@pytest.mark.parametrize('name', WRITTEN)
def test_imports_go_downwards_only(name):
    for imported in own_imports(name):
        assert (storey(imported) < storey(name)
                or folder_of(imported) == folder_of(name) != ''), imported


@pytest.mark.parametrize('name', [name for name in WRITTEN
                                  if name.startswith('servers.')])
def test_no_server_knows_another(name):
    for imported in own_imports(name):
        if imported.count('.') > 1:
            assert imported.split('.')[:2] == name.split('.')[:2], imported


def test_no_modules_import_each_other():
    left = dict((name, set(own_imports(name)) - {name}) for name in WRITTEN)
    while left:
        free = [name for name in left if not left[name] & set(left)]
        assert free, 'a circle among %s' % sorted(left)
        for name in free:
            del left[name]


def test_no_name_of_a_module_stands_twice():
    # Each server's folder has the same nouns, a view has the name of the fact
    # that it shows, and a program is run by its __main__.
    seen = {}
    for name in WRITTEN:
        folder, _, last = name.rpartition('.')
        if folder.startswith('servers.') or last == '__main__':
            continue
        if folder == 'views' and seen.get(last, '').startswith(
                ('monitor.', 'history')):
            continue
        assert last not in seen, (name, seen[last])
        seen[last] = name


def test_functions_are_short():
    lengths = []
    for name in WRITTEN:
        for node in ast.walk(MODULES[name]):
            if isinstance(node, ast.FunctionDef):
                lines = last_line(node) - node.lineno + 1
                assert lines <= MOST_LINES, (name, node.name)
                lengths.append(lines)
    assert len(lengths) > 500
    assert sorted(lengths)[len(lengths) // 2] <= MEDIAN_LINES


def last_line(node):
    return max(below.lineno for below in ast.walk(node)
               if hasattr(below, 'lineno'))


@pytest.mark.parametrize('name', FOLDERS)
def test_each_folder_says_its_rule(name):
    said = ast.get_docstring(MODULES[name])
    assert said and len(said.splitlines()) >= 3, name


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
    if not name.startswith('cli'):
        assert set(later_imports(MODULES[name])) == LATER.get(name, set())


@pytest.mark.parametrize('name', [name for name in WRITTEN
                                  if folder_of(name) not in ('cli', 'tests')])
def test_re_is_given_functions_for_what_refers_to_groups(name):
    """PY2: for a template with a group, re imports, and so the event loop would
    wait for an import of another thread."""
    for node in ast.walk(MODULES[name]):
        if (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)
                and node.func.attr in ('sub', 'subn', 'expand')):
            of_module = getattr(node.func.value, 'id', None) == 're'
            template = ast.literal_eval(node.args[of_module]) if isinstance(
                node.args[of_module], literals()) else ''
            assert '\\' not in template, node.lineno


def literals():
    # Python 3.14 has no Str, and 2.7 no Constant.
    return ast.Constant if hasattr(ast, 'Constant') else ast.Str


@pytest.mark.parametrize('name', WRITTEN)
def test_nothing_of_zope_or_a_server_is_imported_with_a_module(name):
    for module, _names in imports(MODULES[name], module_level=True):
        assert module.partition('.')[0] not in FORBIDDEN, module


@pytest.mark.parametrize('name', WRITTEN)
def test_only_their_folders_know_servers_and_zope(name):
    roots = set(module.partition('.')[0]
                for module, _names in imports(MODULES[name]))
    expected = set()
    if name.startswith('servers.'):
        expected = SERVERS
    elif name.startswith('zopeapp.'):
        expected = {'App', 'ZODB', 'ZPublisher'}
    elif name in IN_THE_CHILD:
        expected = IN_THE_CHILD[name]
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
