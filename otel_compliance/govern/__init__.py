"""Governance: what an organisation owes to data subjects and auditors."""
