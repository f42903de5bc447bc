"""Detection and hiding over files: one after the other or in several processes, results in order. Knows no Qt."""
