"""The Live tab: picture, controls, comparison, privacy, recording."""
