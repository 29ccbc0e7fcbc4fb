"""The dashboard: a Textual program that mirrors the daemon over its socket."""
