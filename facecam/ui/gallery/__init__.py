"""The Gallery tab: the window of `sagan_gallery` in this one."""
