"""Training, evaluating and exporting the Self-Attention GAN."""
