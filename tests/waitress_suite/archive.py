"""The source archive of the installed waitress: find, fetch, unpack.

The archive is kept in a cache folder; each run unpacks its own copy, so that
neither a broken run nor a concurrent one leaves half a tree behind.
"""
from __future__ import absolute_import, division, print_function

import glob
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zlib

FETCH_SECONDS = 300
# Waitress's whole tree is about one MiB; far above that it is something else.
UNPACKED_LIMIT = 32 * 1024 * 1024


class ArchiveError(Exception):
    """The source archive cannot be had, or is not what it should be."""


def installed_version():
    from importlib import metadata
    try:
        return metadata.version('waitress')
    except metadata.PackageNotFoundError:
        raise ArchiveError('waitress is not installed for ' + sys.executable)


def cached(cache, version):
    """The path of the archive in the cache, or None."""
    found = glob.glob(os.path.join(
        glob.escape(cache), 'waitress-{}.tar.gz'.format(version)))
    return found[0] if found else None


def fetch(cache, version):
    """The path of the archive, asked of pip unless the cache has it."""
    path = cached(cache, version)
    if path is None:
        if not os.path.isdir(cache):
            os.makedirs(cache)
        path = download(cache, version)
    return path


def download(cache, version):
    # Moved into place when whole: a pip that was stopped leaves no archive
    # which a later run would trust.
    target = tempfile.mkdtemp(prefix='download-', dir=cache)
    try:
        ask_pip(target, version)
        path = cached(target, version)
        if path is None:
            raise ArchiveError('pip brought {!r} instead of the source archive'
                               .format(os.listdir(target)))
        final = os.path.join(cache, os.path.basename(path))
        os.rename(path, final)
        return final
    finally:
        shutil.rmtree(target)


def ask_pip(target, version):
    command = [sys.executable, '-m', 'pip', 'download', '--no-deps',
               '--disable-pip-version-check', '--no-binary', 'waitress',
               '--dest', target, 'waitress==' + version]
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=FETCH_SECONDS)
    except subprocess.TimeoutExpired:
        raise ArchiveError('pip did not fetch waitress {} within {} s'
                           .format(version, FETCH_SECONDS))
    if done.returncode:
        raise ArchiveError('pip could not fetch waitress {}:\n{}'.format(
            version, done.stdout.decode('utf-8', 'replace')))


def unpack(path, folder, version):
    """Unpack below `folder`; the path of the tree's top."""
    tree = os.path.join(folder, 'waitress-' + version)
    try:
        with tarfile.open(path) as archive:
            place_all(archive, folder, os.path.basename(tree))
    except (tarfile.TarError, EOFError, zlib.error) as error:
        raise ArchiveError('{} is damaged ({}): delete it, and it will be '
                           'fetched again'.format(path, error))
    if not os.path.isfile(os.path.join(tree, 'tests', '__init__.py')):
        raise ArchiveError(path + ' has no package tests at its top')
    return tree


def place_all(archive, folder, top):
    members = archive.getmembers()
    for member in members:
        refuse_unsafe(member, top)
    if sum(member.size for member in members) > UNPACKED_LIMIT:
        raise ArchiveError('the archive is too large to be waitress')
    for member in members:
        place(archive, member, folder)


def refuse_unsafe(member, top):
    """Plain files and folders below the archive's own top, nothing else."""
    parts = member.name.split('/')
    if parts[0] != top or '..' in parts or '\\' in member.name:
        raise ArchiveError('{!r} leaves the tree'.format(member.name))
    if not (member.isfile() or member.isdir()):
        raise ArchiveError('{!r} is neither file nor folder'
                           .format(member.name))


def place(archive, member, folder):
    # Written by hand: only names and contents come from the archive, neither
    # modes nor owners, on every Python alike.
    path = os.path.join(folder, *member.name.split('/'))
    parent = path if member.isdir() else os.path.dirname(path)
    if not os.path.isdir(parent):
        os.makedirs(parent)
    if member.isfile():
        with open(path, 'wb') as out:
            shutil.copyfileobj(archive.extractfile(member), out)
