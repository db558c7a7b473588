"""From a Claude call to facts on its span and in its audit event: hooks on the `anthropic` SDK."""
