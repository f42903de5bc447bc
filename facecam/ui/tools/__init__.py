"""Programs for developers: screenshots, a probe of the window, the benchmark of the gallery in it."""
