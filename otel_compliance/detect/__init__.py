"""Rules in SQL, defined once, that find anomalous use and policy breaches."""
