"""``otel-compliance verify``: commands that prove something of the store, one module for each."""
