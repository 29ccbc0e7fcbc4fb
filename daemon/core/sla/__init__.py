"""What was promised and what was kept: values, arithmetic and alerts of SLAs.

`values` are the figures that everybody shows; `daemon.core.sla.availability` makes them of a
timeline. `showing` is the only place where a percentage becomes text.
"""
