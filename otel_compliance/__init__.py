"""Privacy, audit and detection layer for Claude traffic."""
