"""Administration of the organization on the local Claude API, parsed strictly by the real client."""

from collections.abc import Iterator
from typing import Any

import anthropic
import pytest

from otel_compliance.testing import ClaudeAPI

pytest.importorskip("anthropic", minversion="2.12", reason="earlier versions have fewer resources")

ADMIN_KEY = "sk-ant-admin01-test"


@pytest.fixture(params=["stable", "beta"])
def organization(claude: ClaudeAPI, request: pytest.FixtureRequest) -> Iterator[Any]:
    """The stable and the beta resources of the real client, which raises at an answer that its types do not allow."""
    with anthropic.Anthropic(
        base_url=claude.base_url, api_key=ADMIN_KEY, max_retries=0, _strict_response_validation=True
    ) as client:
        yield client.organization if request.param == "stable" else client.beta.organization


def test_the_organization(organization: Any) -> None:
    """The organization has a name."""
    assert organization.retrieve().type == "organization"


@pytest.mark.parametrize("status", ["inactive", "archived"])
def test_api_keys(organization: Any, status: str) -> None:
    """A key is there from the beginning; it is listed, read, switched off and archived."""
    [key] = organization.api_keys.list()
    assert key.status == "active"
    assert organization.api_keys.update(key.id, status=status).status == status
    assert organization.api_keys.retrieve(key.id).status == status


def test_users(organization: Any) -> None:
    """Users are there from the beginning; their roles change, and they are removed."""
    admin, developer = organization.users.list()
    assert (admin.role, developer.role) == ("admin", "developer")
    assert organization.users.update(developer.id, role="billing").role == "billing"
    assert organization.users.remove(developer.id).id == developer.id
    assert list(organization.users.list()) == [admin]


def test_workspaces(organization: Any) -> None:
    """A workspace is created with where its data may be, changed in that, and archived."""
    created = organization.workspaces.create(name="eu", data_residency={"allowed_inference_geos": ["us"]})
    assert created.data_residency.allowed_inference_geos == ["us"]
    updated = organization.workspaces.update(created.id, data_residency={"default_inference_geo": "us"})
    assert updated.data_residency.to_dict() == {
        "workspace_geo": "us",
        "allowed_inference_geos": ["us"],
        "default_inference_geo": "us",
    }
    assert organization.workspaces.archive(created.id).archived_at is not None


def test_members_of_a_workspace(organization: Any) -> None:
    """Members are added with a role, change it, and are removed."""
    workspace = organization.workspaces.create(name="team")
    members = organization.workspaces.members
    members.add(workspace.id, user_id="user_1", workspace_role="workspace_user")
    changed = members.update("user_1", workspace_id=workspace.id, workspace_role="workspace_admin")
    assert (changed.user_id, changed.workspace_role) == ("user_1", "workspace_admin")
    assert list(members.list(workspace.id)) == [changed]
    removed = members.remove("user_1", workspace_id=workspace.id)
    assert (removed.user_id, removed.workspace_id) == ("user_1", workspace.id)


def test_invites(organization: Any) -> None:
    """People are invited, and invitations withdrawn."""
    invite = organization.invites.create(email="new@local.test", role="developer")
    assert (invite.email, invite.status) == ("new@local.test", "pending")
    assert organization.invites.delete(invite.id).id == invite.id
    assert list(organization.invites.list()) == []


def test_external_keys(organization: Any) -> None:
    """Keys of the customer are registered, checked and removed."""
    config = {"type": "aws", "kms_arn": "arn:aws:kms:us-east-1:123456789012:key/1"}
    key = organization.external_keys.create(provider_config=config, display_name="ours")
    assert organization.external_keys.validate(key.id).status == "success"
    assert [item.display_name for item in organization.external_keys.list()] == ["ours"]
    assert organization.external_keys.delete(key.id).id == key.id


def test_compliance_settings(organization: Any) -> None:
    """The settings are off until they are switched on."""
    settings = organization.compliance_settings
    assert settings.retrieve().state.type == "disabled"
    assert settings.update(state={"type": "enabled"}).state.type == "enabled"
    assert settings.retrieve().state.type == "enabled"


def test_service_accounts_and_groups(organization: Any) -> None:
    """Accounts of services and groups of users are created and listed."""
    account = organization.service_accounts.create(name="ci", organization_role="developer")
    group = organization.rbac_groups.create(name="auditors")
    assert list(organization.service_accounts.list()) == [account]
    assert list(organization.rbac_groups.list()) == [group]


def test_federation(organization: Any) -> None:
    """Issuers and rules of workload identity federation are created, changed and archived."""
    issuer = organization.federation.issuers.create(name="ci", issuer_url="https://ci.local.test")
    rule = organization.federation.rules.create(
        issuer_id=issuer.id,
        name="main",
        match={"subject_prefix": "repo:"},
        oauth_scope="workspace:developer",
        target={"type": "service_account", "service_account_id": "svac_1"},
    )
    assert list(organization.federation.rules.list()) == [rule]
    assert organization.federation.issuers.archive(issuer.id).archived_at is not None


def test_reports_are_empty(organization: Any) -> None:
    """Reports, limits and roles answer, with nothing in them."""
    analytics = organization.analytics
    lists = (
        analytics.users.list(starting_date="2026-01-01"),
        organization.rate_limits.list(),
        organization.rbac_roles.list(),
    )
    assert [list(items) for items in lists] == [[], [], []]


def test_the_signing_secret_of_a_webhook(claude: ClaudeAPI) -> None:
    """A webhook's secret is shown when it is made and when it is made anew, and at no other time."""
    with anthropic.Anthropic(
        base_url=claude.base_url, api_key=ADMIN_KEY, max_retries=0, _strict_response_validation=True
    ) as client:
        webhooks = client.beta.organization.webhooks
        made = webhooks.create(url="https://hook.local.test", enabled_events=["external_key.failed"])
        assert webhooks.regenerate_signing_secret(made.id).signing_secret != made.signing_secret
        assert "whsec_" not in webhooks.with_raw_response.retrieve(made.id).text()
        assert webhooks.delete(made.id).id == made.id


def test_telemetry_destinations(claude: ClaudeAPI) -> None:
    """Where telemetry goes is set; of the headers, which hold credentials, only the names come back."""
    with anthropic.Anthropic(
        base_url=claude.base_url, api_key=ADMIN_KEY, max_retries=0, _strict_response_validation=True
    ) as client:
        destinations = client.beta.organization.telemetry_destinations
        headers = {"x-tenant": "one", "authorization": "canary"}
        made = destinations.create(endpoint_url="https://otel.local.test", workspaces={"type": "all"}, headers=headers)
        assert made.header_names == ["authorization", "x-tenant"]
        assert "canary" not in destinations.with_raw_response.retrieve(made.id).text()
        assert destinations.update(made.id, state={"type": "disabled"}).state.type == "disabled"
        assert destinations.test(made.id).result.type == "success"
        assert destinations.delete(made.id).id == made.id
        assert list(destinations.list()) == []
