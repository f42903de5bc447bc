"""The window. Everything that needs Qt lives below this package; the engine modules know nothing of it."""
