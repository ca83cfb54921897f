"""What the pictures in the user's folders were made with: read from them, kept in an index, searched."""
