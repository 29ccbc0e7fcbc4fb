"""Circles in a graph of dependencies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence


def cycles(graph: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """Circles among the nodes, each once, as a path that ends before it comes back.

    Where circles share nodes, one that goes through each of them is found, not all there
    are. Walks with its own stack: a chain may be longer than Python's.
    """
    found: list[tuple[str, ...]] = []
    done: set[str] = set()
    for start in graph:
        if start not in done:
            _walk(graph, start, done, found)
    return found


def _walk(
    graph: Mapping[str, Sequence[str]], start: str, done: set[str], found: list[tuple[str, ...]]
) -> None:
    trail = {start: iter(graph.get(start, ()))}
    while trail:
        node = next(reversed(trail))
        following = next(trail[node], None)
        if following is None:
            trail.pop(node)
            done.add(node)
        elif following in trail:
            way = list(trail)
            found.append(tuple(way[way.index(following) :]))
        elif following not in done:
            trail[following] = iter(graph.get(following, ()))
