"""What is shown of what: rows, details, top lines. Pure: a picture and the time in, lines out."""
