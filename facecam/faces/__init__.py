"""What a found face is: boxes and their suppression, tracks, privacy, colours, drawing.

Knows nothing of how it was found.
"""
