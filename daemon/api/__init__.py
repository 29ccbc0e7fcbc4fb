"""HTTP over the Unix socket: routes, event stream, who may do what, and the JSON shapes."""
