"""Find personal data and secrets, and replace them before anything is exported."""
