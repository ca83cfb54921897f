"""Drawing a part of a picture anew, and putting it back."""
