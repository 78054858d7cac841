"""What `make` runs beside the demo; only the standard library is used.

    environment.py    a virtual environment below `build/`
    old_python.py     refuses a Python that is too old, before anything else
    words.py          what is printed, and the error that needs no traceback
    interpreters.py   where each version of Python is found on this machine
    test_all.py       runs the environments of tox.ini, as many as there can be
    results.py        how many tests passed and failed in each of them
    python27.py       environments of Python 2.7, and commands in them
    not_root.py       runs a program as somebody else, when this is root
    compile_all.py    compiles modules with the Python that runs it, also 2.7
"""
