"""Looking at what flowed through a wire: what it is, its numbers, its pictures, and how far it is from another."""
