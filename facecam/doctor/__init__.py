"""`facecam doctor`: what a bug report needs, with hints in words."""
