"""What a view costs, as ratios: `python -m benchmarks` from the checkout.

The benchmark itself needs Python 3; what it measures need not.

    __main__.py     the options; runs the parts and prints the tables
    targets.py      the small servers that are compared, one per name
    serve.py        runs one of them as a child process
    turns.py        runs one of them in a single thread, request by request
    client.py       a load generator, for machines without wrk
    load.py         wrk or client.py -> requests/s and percentiles
    throughput.py   part 1: view, worker path and floor side by side
    scenario.py     part 2: a Zope whose workers all sleep, and a queue
    instance.py     ... and how that Zope is made
    sleeper.py      ... and the page that keeps its workers busy
    passing.py      part 3: what a request that is no view's pays
    zserver.py      part 4: ZServer on Python 2.7, and the release of 2013
    zserver_environment.py, zserver_instance.py    ... where these run
    overload.py     part 5: the overloads of `zserverviews check`
    monitor.py      part 6: the monitor suite: its recorder, and its answers
    looks.py        ... one of its views, called as the loop does
    children.py     child processes: bounded in time, ended by their pid
    figures.py      medians, spreads, ratios
    tables.py       what is printed, in 80 columns
"""
