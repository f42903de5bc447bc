"""What is written while it runs: recordings, snapshots, JSON lines and CSV, and the one writer of video files.

Knows no Qt.
"""
