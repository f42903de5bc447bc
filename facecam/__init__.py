"""Live face detection on one CPU core: FaceBoxes, its pipeline and its window."""
