"""Training pictures: labels, the teacher's scores, augmentation, batches."""
