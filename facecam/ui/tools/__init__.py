"""Programs for developers: screenshots and a probe of the window."""
