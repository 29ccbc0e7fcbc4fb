"""The API: records to shapes, the event hub, and the server over a real socket."""
