# make demo               a Zope whose workers sleep still answers its views
#   PORT=9999             ... on another port than 8080
#   ONCE=1                ... and stop after the show
#   SERVER=zserver        ... on ZServer, with a Python 2.7 that is there
#   SERVER=gunicorn       ... or uwsgi, cheroot, bjoern, werkzeug
# make test               everything that tests the product on this machine
#   STRICT=1              ... where a missing interpreter is a failure
#   JOBS=3                ... so many environments at a time
# make bench              measure views against workers and the floor
#   BENCH=--quick         ... so that one sees whether it runs
#   BENCH=--all           ... with other servers, ZServer, and instructions
# make clean              remove what these have made

PYTHON ?= python3
PORT ?= 8080
JOBS ?= 3
ONCE ?=
SERVER ?=
STRICT ?=
BENCH ?=

# -E: what the user's variables say of Python is for other work.
#
# Demo and test are single commands without a shell, so that a signal to make
# reaches the program itself.
export PORT ONCE SERVER JOBS STRICT

.PHONY: help demo test bench clean

help:
	@sed -n '/^$$/q; s/^# //p' Makefile

demo:
	@$(PYTHON) -E -m demo

test:
	@$(PYTHON) -E -m tools.test_all

bench:
	@$(PYTHON) -E -m tools.bench $(BENCH)

clean:
	rm -rf build
