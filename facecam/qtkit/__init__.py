"""The widgets and the look that both windows share. Knows no window."""
