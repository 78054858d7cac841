"""What tests/test_soak.py is made of: hours of use in ten minutes.

    servers.py  the instances, with everything mounted
    visits.py   what clients do again and again
    moments.py  what happens to a site now and then
    load.py     runs both beside each other, pauses them, and counts
    samples.py  what a process has at a quiet moment, and whether that is flat
    logs.py     what the event log must not have
"""
