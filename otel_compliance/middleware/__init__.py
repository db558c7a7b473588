"""Middleware for web apps: who sent the request becomes the caller of the Claude calls made while it is served."""

from otel_compliance.middleware.asgi import ComplianceASGIMiddleware
from otel_compliance.middleware.wsgi import ComplianceWSGIMiddleware

__all__ = ["ComplianceASGIMiddleware", "ComplianceWSGIMiddleware"]
