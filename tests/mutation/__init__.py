"""Mutation testing of the modules that decide: do their own tests notice a change?

`python -m tests.mutation` (`make mutants`) changes one thing at a time in each of them, runs
the module's own tests on it, and counts the changes that no test noticed. `operators` makes
the changes, `trial` runs the tests on one; docs/mutation.md explains what survives.
"""
