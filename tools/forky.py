"""The newest Pythons, of Debian forky, in a folder below `build/`.

    python -m tools.forky                 makes the folder, as root, on Debian
    python -m tools.forky python3.14 ...  runs a command in it, at the checkout

The command has the checkout at the path where it is outside, and so leaves its
results where others look for them. All mounts are in a namespace of the
command's own, and are gone with its last process, whatever happens.
"""
from __future__ import absolute_import, division, print_function

import os
import shutil
import subprocess
import sys

from tools import interpreters, programs
from tools.clean_environ import PROXIES, clean_environ
from tools.environment import Environment
from tools.places import BUILD, CHECKOUT
from tools.words import Complaint, say, tail

VERSIONS = ('3.14', '3.15')
FOLDER = os.path.join(BUILD, 'forky')
STAMP = os.path.join(FOLDER, 'made')
LOG = FOLDER + '.log'
SCRIPTS = '/usr/share/debootstrap/scripts'

# A compiler for what has no wheel for these Pythons yet. The part of the
# functional tests that runs there needs no program.
PACKAGES = ['gcc', 'libc6-dev'] + [
    name.format(version) for version in VERSIONS
    for name in ('python{0}', 'python{0}-venv', 'python{0}-dev')]

# How names are resolved and servers trusted: as outside.
SHARED = ('/etc/resolv.conf', '/etc/hosts', '/etc/ssl/certs',
          '/usr/share/ca-certificates', '/usr/local/share/ca-certificates')
CERTIFICATES = ('SSL_CERT_FILE', 'SSL_CERT_DIR', 'REQUESTS_CA_BUNDLE',
                'CURL_CA_BUNDLE', 'NETRC')
FILE = 'file://'

# Arguments: the folder, the checkout, how many paths to share, these, and the
# command.
ENTER = r"""
set -e
root=$1; checkout=$2; shared=$3; shift 3
# So that a test can mount something, too: its root must be a mount.
mount --bind "$root" "$root"
mount --rbind /proc "$root/proc"
mount --rbind /dev "$root/dev"
mount --bind "$checkout" "$root$checkout"
while [ "$shared" -gt 0 ]; do
    mount --bind "$1" "$root$1"
    shared=$((shared - 1)); shift
done
exec chroot "$root" env --chdir="$checkout" "$@"
"""
NAMESPACE = ['unshare', '--mount', '--propagation', 'private']


class ForkyEnvironment(Environment):
    """A virtual environment made, and used, with a Python of forky."""

    python = 'python' + VERSIONS[0]

    def described(self):
        return '\n'.join([self.python, Environment.described(self)])

    def create(self):
        self.run([self.python, '-m', 'venv', self.folder],
                 'Python could not make a virtual environment')

    def run(self, command, complaint):
        Environment.run(self, inside(command), complaint)


def has(version):
    """Whether it is there, and this user may use it."""
    return version in VERSIONS and os.path.exists(STAMP) and is_possible()


def is_possible():
    """Root, who may mount: not so in each container."""
    return os.getuid() == 0 and not subprocess.call(
        NAMESPACE + ['true'], stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def inside(command):
    """The command that runs this one in the folder."""
    return [sys.executable, '-E', '-m', 'tools.forky'] + command


def enter(command):
    """Become the command, so that a signal to this process is for it."""
    if not os.path.exists(STAMP):
        raise Complaint('{0} is missing: python -m tools.forky makes it.'
                        .format(FOLDER))
    environ = inner_environ()
    shared = list(shared_paths(environ))
    for path in [CHECKOUT] + shared:
        place_for(path)
    os.execvpe(NAMESPACE[0], NAMESPACE + [
        'sh', '-c', ENTER, 'sh', FOLDER, CHECKOUT, str(len(shared))]
        + shared + command, environ)


def inner_environ():
    """Of the network what holds outside; nothing else is the same there."""
    environ = dict((name, value) for name, value in clean_environ().items()
                   if name.startswith('PIP_') or name in CERTIFICATES
                   or name.lower() in PROXIES)
    environ.update(HOME='/root', LANG='C.UTF-8',
                   PATH='/usr/local/bin:/usr/bin:/usr/sbin:/bin:/sbin')
    return environ


def shared_paths(environ):
    """What is at the same path inside, the files of an index among it."""
    named = [word for name, value in sorted(environ.items())
             if name in CERTIFICATES or name.startswith('PIP_')
             for word in value.split()]
    mounted = []
    for path in SHARED + tuple(map(place_of, named)):
        if is_of_this_machine(path) and not is_within(path, mounted):
            mounted.append(path)
    return mounted


def place_of(word):
    """Of an index the folder around it: its links lead to its neighbours."""
    if word.startswith(FILE):
        return os.path.dirname(word[len(FILE):].rstrip('/'))
    return word.rstrip('/')


def is_of_this_machine(path):
    return (os.path.isabs(path) and os.path.exists(path) and path != '/'
            and not is_within(path, ['/dev', CHECKOUT]))


def is_within(path, folders):
    return any((path + '/').startswith(folder + '/') for folder in folders)


def place_for(path):
    """An empty folder or file inside, over which this one is mounted."""
    place = FOLDER + path
    if os.path.isdir(path):
        os.makedirs(place, exist_ok=True)
    elif not os.path.exists(place):
        os.makedirs(os.path.dirname(place), exist_ok=True)
        open(place, 'w').close()


def make():
    """Nothing, if it has been made, or this machine has these Pythons."""
    if os.path.exists(STAMP) or all(map(interpreters.find, VERSIONS)):
        return
    if not is_possible() or not programs.find('debootstrap'):
        raise Complaint('Only root, with debootstrap, can make ' + FOLDER)
    say('Making {0} ...'.format(FOLDER))
    shutil.rmtree(FOLDER, ignore_errors=True)
    os.makedirs(BUILD, exist_ok=True)
    with open(LOG, 'w') as log:
        # It mounts some folders, too.
        status = subprocess.call(
            NAMESPACE + debootstrap(), env=dict(clean_environ(), **proxies()),
            stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
    if status:
        raise Complaint('debootstrap failed. The end of {0}:\n{1}'.format(
            LOG, tail(LOG)))
    open(STAMP, 'w').close()


def debootstrap():
    """The command; an older debootstrap does not know forky by name."""
    script = os.path.join(SCRIPTS, 'forky')
    if not os.path.exists(script):
        script = os.path.join(SCRIPTS, 'sid')
    return [programs.find('debootstrap'), '--variant=minbase',
            '--include=' + ','.join(PACKAGES), 'forky', FOLDER, mirror(),
            script]


def mirror():
    """The address from which this machine has its own release of Debian."""
    release = output(['sh', '-c', '. /etc/os-release; '
                                  'echo "$VERSION_CODENAME"']).strip()
    listed = output(['apt-get', 'indextargets', '--no-release-info',
                     '--format', '$(RELEASE) $(REPO_URI)'])
    for line in listed.splitlines():
        name, _, address = line.partition(' ')
        if name == release:
            return address
    raise Complaint("apt's sources have no mirror of Debian.")


def proxies():
    """Those of apt, which has settings of its own for them."""
    shown = output(['apt-config', '--format', '%f=%v%n', 'dump'])
    settings = dict(line.partition('=')[::2] for line in shown.splitlines())
    found = dict((scheme + '_proxy', settings.get(
        'Acquire::{0}::Proxy'.format(scheme))) for scheme in ('http', 'https'))
    return dict((name, value) for name, value in found.items() if value)


def output(command):
    try:
        return subprocess.check_output(command, env=clean_environ(),
                                       universal_newlines=True)
    except (EnvironmentError, subprocess.CalledProcessError) as error:
        raise Complaint('apt does not tell its sources: {0}'.format(error))


def main(command):
    try:
        enter(command) if command else make()
    except Complaint as error:
        say(str(error))
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1:]))
