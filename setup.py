import io
import os
import re

from setuptools import find_packages, setup

HERE = os.path.dirname(os.path.abspath(__file__))


def read(name):
    with io.open(os.path.join(HERE, name), encoding='utf-8') as text:
        return text.read()


def description():
    """README and CHANGES, without the pictures of the checkout: an index of
    packages has no file at their paths."""
    text = read('README.rst') + '\n\n' + read('CHANGES.rst')
    return re.sub(r'(?m)^\.\. image:: (?!https?:).*\n(?: +:.*\n)*\n', '', text)


setup(
    name='Products.ZServerViews',
    version='1.0.dev0',
    description="Views of a Zope site that answer from the HTTP server's own "
                "thread, even while every worker is busy",
    long_description=description(),
    long_description_content_type='text/x-rst',
    license='ZPL-2.1',
    author='Products.ZServerViews contributors',
    keywords='zope plone waitress zserver monitoring health wsgi',
    classifiers=[
        'Development Status :: 4 - Beta',
        'Environment :: Web Environment',
        'Framework :: Zope',
        'Framework :: Zope :: 2',
        'Framework :: Zope :: 4',
        'Framework :: Zope :: 5',
        'Framework :: Zope :: 6',
        'Intended Audience :: System Administrators',
        'Operating System :: POSIX',
        'Programming Language :: Python :: 2.7',
        'Programming Language :: Python :: 3',
        'Programming Language :: Python :: 3.10',
        'Programming Language :: Python :: 3.11',
        'Programming Language :: Python :: 3.12',
        'Programming Language :: Python :: 3.13',
        'Programming Language :: Python :: 3.14',
        'Programming Language :: Python :: 3.15',
        'Topic :: Internet :: WWW/HTTP :: WSGI',
        'Topic :: System :: Monitoring',
    ],
    # Products is a package here, not declared a namespace: the one line of its
    # __init__ joins it with the other Products folders on every platform.
    packages=find_packages(include=['Products', 'Products.*']),
    # Said although it is the default: a develop install is then a plain path
    # entry, without which Zope 6's Products folder would hide this one.
    package_dir={'': '.'},
    package_data={'Products.ZServerViews': ['component.xml', '*.pyi',
                                            'py.typed'],
                  'Products.ZServerViews.tests': ['*.pyi']},
    python_requires='>=2.7, !=3.0.*, !=3.1.*, !=3.2.*, !=3.3.*, !=3.4.*, '
                    '!=3.5.*, !=3.6.*, !=3.7.*, !=3.8.*, !=3.9.*',
    # The site brings Zope, its server and their versions.
    install_requires=['zope.interface', 'ZConfig',
                      'ipaddress; python_version < "3"'],
    # What malloc has in use, for /-/memory.
    extras_require={'memory': ['psutil>=7.2; python_version>="3"']},
    entry_points={
        'console_scripts': [
            'zserverviews = Products.ZServerViews.cli.__main__:main',
        ],
        # bin/instance views: a command of plone.recipe.zope2instance.
        'plone.recipe.zope2instance.ctl': [
            'views = Products.ZServerViews.cli.in_instance:views',
        ],
        'paste.filter_app_factory': [
            'views = Products.ZServerViews.servers.own.views_filter:'
            'make_filter',
        ],
    },
    zip_safe=False,
)
