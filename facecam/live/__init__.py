"""From a source to the newest result: capture thread, mailbox, detection loop, state and metrics.

Knows no Qt and no files.
"""
