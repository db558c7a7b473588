"""The one-machine stack: a local Claude API for demo and tests, and the demo itself."""
