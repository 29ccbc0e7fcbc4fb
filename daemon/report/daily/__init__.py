"""The daily alert report: what fired on a day of somebody's calendar, who was called for it, and
of which time nothing is known.

A `DayQuestion` (`question`) goes to a process of its own, as that of any other report. There
`daemon.store.reading.day` reads what was on, `standing` makes incidents of it as they stood when
the day ended, `comparing` counts against earlier days, `measured` says what services were, `people`
who was called and who should have been, `muting` what was muted. `view` puts them together into a
`DailyView`, of which `sections`, and from these `markdown` and `page`, and `sheet` are made.
"""
