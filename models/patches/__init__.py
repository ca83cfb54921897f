"""Changes to how a model is sampled, each for `Model.with_tweak`: what they do inside the network and to guidance."""
