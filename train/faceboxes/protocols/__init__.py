"""Evaluation protocols of the face detection benchmarks, each as its paper or its official code runs it."""
