"""The same requests, sent to waitress with its known heads and without them.

scripts.py   what a client sends: random heads, in the order of a random script
site.py      servers, an application and views that tell all they are given
client.py    plays a script and the loop of its server, and writes down what came
child.py     the process that does so, in one of the ways
faults.py    memories of heads that are wrong, which the comparison must find

`test_known_heads` runs two such processes and compares what they have written.
"""
