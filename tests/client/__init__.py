"""The client: errors in words, the stream, and requests to a real server."""
