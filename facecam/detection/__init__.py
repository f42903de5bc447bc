"""FaceDetector: a picture in, faces out. Model files, anchors, the way into the network, other people's detectors.

Knows nothing of where pictures come from.
"""
