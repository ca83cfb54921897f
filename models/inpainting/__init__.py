"""Drawing a part of a picture anew: what the networks are shown of it, and putting the part back."""
