"""The widgets: painted line by line, and only the lines that changed."""
