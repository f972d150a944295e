"""Rule declaration, discovery, ruleset, waivers, evaluation: a Graph in, a verdict out."""
