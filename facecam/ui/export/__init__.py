"""Detection and hiding over files, in the window: what to do, progress, summary, and the review before."""
