"""The past as the API shows the present: one picture of everything as it stood at a moment.

`question` says what is asked, `incidents` and `objectives` find out how things stood, `picture`
puts it into the API's shapes. All of it is read from the database on a connection that cannot
write, beside the daemon or in a process of its own: the engine's memory knows only the present.
"""
