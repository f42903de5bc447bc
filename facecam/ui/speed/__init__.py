"""The Speed tab: the speed validation, run in a process of its own."""
