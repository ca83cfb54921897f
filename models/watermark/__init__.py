"""Bits hidden in the colours of a picture, as the library `invisible-watermark` hides them by its method dwtDct."""
