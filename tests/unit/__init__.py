"""Tests of single modules, with dummies instead of servers and sites."""
