"""Sampling a Self-Attention GAN and looking at where its query pixels attend."""
