"""The demo: three teams' ordinary programs call Claude on this machine, and the whole way is walked to its end."""
