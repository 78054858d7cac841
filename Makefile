# make demo               a Zope whose workers sleep still answers its views
#   PORT=9999             ... on another port than 8080
#   ONCE=1                ... and stop after the show
# make test               everything that tests the product on this machine
#   STRICT=1              ... where a missing interpreter is a failure
#   JOBS=2                ... so many environments at a time
# make clean              remove what these have made

PYTHON ?= python3
PORT ?= 8080
JOBS ?= 2
ONCE ?=
SERVER ?=
STRICT ?=

# The recipes are single commands without a shell, so that a signal to make
# reaches the program itself.
export PORT ONCE SERVER JOBS STRICT

.PHONY: help demo test clean

help:
	@sed -n 's/^# //p' Makefile

demo:
	@$(PYTHON) -m demo

test:
	@$(PYTHON) -m tools.test_all

clean:
	rm -rf build
