"""Networks that look at pictures: CLIP's image encoders, and what is made of their answers."""
