"""The demonstration: the main job over HTTP as real clients do it, each step proved and timed."""
