"""Node classes in the newer style of packs: a schema of input and output objects in place of class attributes."""
