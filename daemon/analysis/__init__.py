"""What figures about the past mean: health scores, noise, patterns of escalation.

Pure: values in, values out, without a clock or I/O. The store's readers give the figures, the
API asks and shows, and `docs/analysis.md` defines everything made here.
"""
