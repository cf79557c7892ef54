"""The demo campus: a programme of 225 trainees to try the product with."""
