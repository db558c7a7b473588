"""Settings, policy and key ring of a process, loaded together, and what is used when one of them is broken."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Self

from otel_compliance.config import ContentMode, Settings
from otel_compliance.errors import ComplianceError
from otel_compliance.keys import MIN_KEY_BYTES, KeyRing
from otel_compliance.policy import Policy


@dataclass(frozen=True, slots=True)
class Configuration:
    """What a process is instrumented with."""

    settings: Settings
    policy: Policy
    keys: KeyRing

    @classmethod
    def load(cls, policy: Policy | Path | None = None) -> Self:
        """Read everything from the environment.

        Args:
            policy: A policy or the path of one, instead of ``OTEL_COMPLIANCE_POLICY``.

        Raises:
            ComplianceError: A variable, the policy or the key is wrong; the message says which and why.
        """
        settings = Settings.from_env()
        if policy is None:
            policy = Policy.from_settings(settings)
        elif not isinstance(policy, Policy):
            policy = Policy.load(policy)
        return cls(settings, policy, KeyRing.from_settings(settings))

    @classmethod
    def load_or_fall_back(cls) -> tuple[Self, list[ComplianceError]]:
        """Read everything from the environment; each part that is broken is replaced by a safe one.

        A broken policy gives the built-in one, a broken key one that lives as long as the process, and any
        breakage turns content off. The app starts all the same.

        Returns:
            The configuration, and what was wrong.
        """
        problems: list[ComplianceError] = []
        try:
            settings = Settings.from_env()
        except ComplianceError as error:
            problems.append(error)
            directory = os.environ.get("OTEL_COMPLIANCE_DIR", "")
            settings = Settings.from_env({"OTEL_COMPLIANCE": "on", "OTEL_COMPLIANCE_DIR": directory})
        try:
            policy = Policy.from_settings(settings)
        except ComplianceError as error:
            problems.append(error)
            policy = Policy.default()
        try:
            keys = KeyRing.from_settings(settings)
        except ComplianceError as error:
            problems.append(error)
            keys = KeyRing(secrets.token_bytes(MIN_KEY_BYTES), version="ephemeral")
        if problems:
            settings = replace(settings, content=ContentMode.NONE)
        return cls(settings, policy, keys), problems
