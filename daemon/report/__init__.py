"""Reports: what a period was, as figures that come out the same whenever they are made again.

A `Question` (`question`) goes to a process of its own with a connection that can only read; there
`past` makes the timelines of what is written and of what lasts, `reckon` the figures, `digest` the
hash of those of them that cannot change. What comes back is a `ReportView`, from which `markdown`,
`page` (HTML), `sheet` (CSV) and JSON are made, now or years later: the last is what is kept.
"""
