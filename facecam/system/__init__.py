"""The machine: cores, memory, paths, logs, settings and files, the display, and the one door to OpenCV."""
