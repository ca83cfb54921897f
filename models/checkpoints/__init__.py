"""Reading model files: safely, by their content, from every layout that Stable Diffusion's models come in."""
