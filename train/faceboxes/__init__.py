"""Training, evaluating and exporting the FaceBoxes detector."""
