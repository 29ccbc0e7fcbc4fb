"""SQLite: the engine's durable mirror and its history, in one file that people can read.

The way of a turn: effects -> `Store.submit` -> `batch` -> `commits` -> `writer` (encoded by
`codec`), one transaction -> the future resolves, and the service acts. `rollup` and `prune` work
beside it, and `fold` makes hours and days; `history` reads without disturbing it, `analysis` asks
long questions over months; `restore` reads what an engine goes on from.
`docs/storage.md` describes the file.
"""
