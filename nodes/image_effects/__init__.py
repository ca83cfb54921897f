"""Effects on pictures: blur, blend, colours, borders, animation."""
