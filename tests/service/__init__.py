"""The running daemon's parts, each by itself."""
