"""Files: what names from outside mean, pictures, uploads, listings, saved workflows and their former versions."""
