"""The handlers of the API, one module a subject; `table` lists them all."""
