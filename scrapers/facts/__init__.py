"""What providers do not print themselves: which machine holds which GPUs, which region is where."""
