"""The policy: one strict TOML file that says what is sensitive, what is kept, where and for how long.

With no file the built-in ``default_policy.toml`` is in force. The digest of the policy in force is
stamped on every span and audit event, so an auditor knows which one it was.
"""

from otel_compliance.policy.document import Policy
from otel_compliance.policy.tables import RedisSystem, ResidencyTable, SqlSystem, Transform

__all__ = ["Policy", "RedisSystem", "ResidencyTable", "SqlSystem", "Transform"]
