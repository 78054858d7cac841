"""`make demo`: a real Zope, all of whose workers sleep, answers its views.

Only the standard library is used here, so that any Python 3.10 can run it;
everything else is installed into an environment below `build/`.

    __main__.py       reads PORT, ONCE and SERVER, and runs the rest in order
    kinds.py          the kinds of servers, by their names
    instance.py       the Zope instance, one class for each kind of server
    other_servers.py  ... and for those that have no hook, as gunicorn
    instance_files/   what the instance gets beside its skeleton
    process.py        the server as a child process, ended with this one
    client.py         one HTTP request and how long it took
    steps.py          what is shown, step by step
    looks.py          ... and what fits of the monitor suite's texts
"""
