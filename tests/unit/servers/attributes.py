"""Which attributes of a server's objects our source reads, found by itself.

A list written by hand would miss the next one. What an expression is shows its
name: ``channel``, ``self._server``, ``channel.adj`` and the like; inside a class
that is mixed into one of the server's, ``self`` is such an object too.
"""
from __future__ import absolute_import, division, print_function

import ast
import io
import os

import Products.ZServerViews

SERVERS = os.path.join(os.path.dirname(os.path.abspath(
    Products.ZServerViews.__file__)), 'servers')


def read_of(folder, kinds, mixins, skipped=()):
    """{(kind, attribute)} of all modules in a folder of servers.

    ``kinds``
        {name of a variable or an attribute: the kind of object it is}
    ``mixins``
        {name of a class of ours: the kind of object it is mixed into}
    ``skipped``
        Modules that are not looked at.
    """
    found = set()
    for name in sorted(os.listdir(os.path.join(SERVERS, folder))):
        if name.endswith('.py') and name[:-3] not in skipped:
            path = os.path.join(SERVERS, folder, name)
            with io.open(path, 'rb') as source:
                tree = ast.parse(source.read(), path)
            found |= _in_tree(tree, kinds, mixins)
    return found


def _in_tree(tree, kinds, mixins):
    found = set()
    for node in ast.walk(tree):
        found |= set(_reads(node, kinds))
        if isinstance(node, ast.ClassDef) and node.name in mixins:
            inner = dict(kinds, self=mixins[node.name])
            own = _own(node)
            for below in ast.walk(node):
                found |= set((kind, attribute) for kind, attribute
                             in _reads(below, inner) if attribute not in own)
    return found


def _own(class_node):
    """What a class of ours defines itself."""
    names = set()
    for node in class_node.body:
        if isinstance(node, ast.FunctionDef):
            names.add(node.name)
        elif isinstance(node, ast.Assign):
            for target in node.targets:
                names |= set(below.id for below in ast.walk(target)
                             if isinstance(below, ast.Name))
    return names


def _reads(node, kinds):
    if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load):
        kind = kinds.get(_last_name(node.value))
        if kind is not None:
            yield kind, node.attr


def _last_name(node):
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Subscript):
        # requests[0] is a request.
        name = _last_name(node.value)
        return name[:-1] if name in ('requests', '_held') else None
    return None
