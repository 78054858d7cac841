"""The types of the public names: what mypy says of code that uses them.

They stand in the .pyi files of the package. Python 3 alone has such types.
"""
from __future__ import absolute_import, division, print_function

import ast
import io
import os
import re
import shutil
import subprocess
import sys

import pytest

import Products.ZServerViews
from Products.ZServerViews import interfaces

pytestmark = pytest.mark.typing

HERE = os.path.dirname(os.path.abspath(__file__))
PACKAGE = os.path.dirname(os.path.abspath(Products.ZServerViews.__file__))
TOP = os.path.dirname(os.path.dirname(PACKAGE))
USAGE = os.path.join(HERE, 'usage.py')
MISTAKES = os.path.join(HERE, 'mistakes.py')


def read(path):
    with io.open(path, encoding='utf-8') as text:
        return text.read()


def run(*arguments, **variables):
    """(exit code, output) of ``python -m ...``"""
    child = subprocess.Popen(
        [sys.executable, '-m'] + list(arguments), stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT, cwd=TOP,
        env=dict(os.environ, MYPYPATH=TOP, PYTHONPATH=TOP, **variables))
    output = child.communicate()[0].decode('utf-8')
    return child.returncode, output


@pytest.fixture
def cache(tmp_path_factory):
    return str(tmp_path_factory.getbasetemp() / 'mypy')


def errors(path, cache):
    """{(number of a line, code of an error)} that mypy finds in a file."""
    _code, output = run('mypy', '--strict', '--no-color-output',
                        '--cache-dir', cache, path)
    found = re.findall(r'^(.+?):(\d+): error: .*\[([a-z-]+)\]$', output,
                       re.MULTILINE)
    assert len(found) == output.count(': error: '), output
    assert found or 'Success' in output, output
    for name, _line, _code in found:
        assert os.path.samefile(os.path.join(TOP, name), path), output
    return {(int(line), code) for _name, line, code in found}


def test_usage_as_in_the_docs(cache):
    assert errors(USAGE, cache) == set()


def test_mistakes_are_found(cache):
    expected = set()
    for number, line in enumerate(read(MISTAKES).splitlines(), 1):
        for code in re.findall(r'# E: ([a-z-]+)', line):
            expected.add((number, code))
    assert len(expected) > 10
    assert errors(MISTAKES, cache) == expected


def stubtest():
    return run('mypy.stubtest', 'Products.ZServerViews', '--concise',
               '--mypy-config-file', os.path.join(HERE, 'mypy.ini'),
               '--allowlist', os.path.join(HERE, 'allowed.txt'),
               '--ignore-unused-allowlist')


def test_stubs_agree_with_the_code():
    code, output = stubtest()
    assert code == 0, output


def test_a_stub_that_lags_behind_is_found(tmp_path, monkeypatch):
    shutil.copytree(os.path.join(TOP, 'Products'), str(tmp_path / 'Products'))
    monkeypatch.setattr(sys.modules[__name__], 'TOP', str(tmp_path))
    for name, before, after in (
            ('base.pyi', 'message: str | None = ""', 'text: str | None = ""'),
            ('__init__.pyi', 'entries:', 'entry:')):
        path = tmp_path / 'Products' / 'ZServerViews' / name
        assert before in read(str(path))
        path.write_text(read(str(path)).replace(before, after, 1))
    code, output = stubtest()
    assert code == 1
    assert 'base.ViewError.__init__ ' in output
    assert 'update_configuration ' in output


@pytest.mark.parametrize('name', ['IView', 'ISuite'])
def test_the_protocols_have_what_the_interfaces_have(name):
    """Of which stubtest knows nothing."""
    tree = ast.parse(read(os.path.join(PACKAGE, 'interfaces.pyi')))
    protocol, = [node for node in tree.body
                 if isinstance(node, ast.ClassDef) and node.name == name]
    found = {node.name: [one.arg for one in node.args.posonlyargs
                         + node.args.args][1:] for node in protocol.body}
    interface = getattr(interfaces, name)
    assert found == {
        method: list(interface[method].getSignatureInfo()['positional'])
        for method in interface.names()}
