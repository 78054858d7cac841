"""What `make` runs beside the demo; only the standard library is used.

    places.py         where the checkout and `build/` are
    clean_environ.py  the variables for programs that are run
    pip_settings.py   ... of which pip's say how an index is reached
    environment.py    a virtual environment below `build/`
    old_python.py     refuses a Python that is too old, before anything else
    words.py          what is printed, and the error that needs no traceback
    interpreters.py   where each version of Python is found on this machine
    forky.py          the newest Pythons, below `build/`, and commands in there
    programs.py       where the programs of others are that some tests need
    test_all.py       runs the environments of tox.ini, as many as there can be
    bench.py          runs the benchmarks
    results.py        how many tests passed and failed in each of them
    python27.py       environments of Python 2.7, and commands in them
    not_root.py       runs a program as somebody else, when this is root
    compile_all.py    compiles modules with the Python that runs it, also 2.7
"""
