"""The policy file: strict, safe by default, digested."""

from pathlib import Path

import pytest

from otel_compliance.classification import Classification
from otel_compliance.errors import PolicyError
from otel_compliance.policy import Policy

PUBLIC, INTERNAL, CONFIDENTIAL, RESTRICTED = Classification


def test_default_policy_is_safe() -> None:
    """Without a file: contact data is CONFIDENTIAL, secrets are RESTRICTED, and RESTRICTED content is not kept."""
    policy = Policy.default()
    assert {
        item: policy.classify({item: 1}, {"SLACK_TOKEN"}) for item in ("EMAIL", "SSN", "SLACK_TOKEN", "SOMETHING_NEW")
    } == {
        "EMAIL": CONFIDENTIAL,
        "SSN": RESTRICTED,
        "SLACK_TOKEN": RESTRICTED,
        "SOMETHING_NEW": CONFIDENTIAL,
    }
    assert policy.classify({}, set()) is INTERNAL
    assert [policy.captures(item) for item in Classification] == [True, True, True, False]
    assert [policy.retention_days(item) for item in Classification] == [400, 400, 90, 30]


def test_the_class_of_secrets_is_one_key() -> None:
    """All credentials have the class of secrets, but for a type that is listed by itself."""
    policy = Policy.parse(
        'version = 1\n[classification]\nsecrets = "CONFIDENTIAL"\n[classification.entities]\nJWT = "INTERNAL"\n'
    )
    secret_types = {"SLACK_TOKEN", "JWT"}
    assert policy.classify({"SLACK_TOKEN": 1}, secret_types) is CONFIDENTIAL
    assert policy.classify({"JWT": 1}, secret_types) is INTERNAL
    assert policy.classify({"SLACK_TOKEN": 1, "SSN": 1}, secret_types) is RESTRICTED


def test_many_findings_may_make_a_higher_class() -> None:
    """From a number of findings of one type on, a class counts; below it, and for other types, nothing changes."""
    policy = Policy.parse(
        'version = 1\n[classification.counts]\nEMAIL = { 3 = "RESTRICTED" }\nSSN = { 2 = "PUBLIC" }\n'
    )
    classes = [policy.classify({"EMAIL": count, "PHONE": 9}, set()) for count in (2, 3, 4)]
    assert classes == [CONFIDENTIAL, RESTRICTED, RESTRICTED]
    assert policy.classify({"SSN": 2}, set()) is RESTRICTED
    assert [Policy.default().classify({"PHONE": count}, set()) for count in (24, 25)] == [CONFIDENTIAL, RESTRICTED]


def test_floors_by_model_and_tool() -> None:
    """A model or a tool may raise the class of the calls that use it; the highest floor counts."""
    tables = '[classification.models]\ntuned = "CONFIDENTIAL"\n[classification.tools]\ncrm_lookup = "RESTRICTED"\n'
    policy = Policy.parse(f"version = 1\n{tables}")
    assert policy.floor(team_id=None, purpose=None, model="tuned", tools=["weather"]) is CONFIDENTIAL
    assert policy.floor(team_id=None, purpose=None, model="tuned", tools=["weather", "crm_lookup"]) is RESTRICTED


def test_a_file_changes_only_what_it_says() -> None:
    """Keys that a file leaves out keep their built-in values, also within a table."""
    policy = Policy.parse('version = 1\n[classification.teams]\nhr = "RESTRICTED"\n[retention]\nRESTRICTED = 7\n')
    assert policy.floor(team_id="hr", purpose=None) is RESTRICTED
    assert policy.floor(team_id=None, purpose=None) is PUBLIC
    assert policy.classify({"SSN": 1}, set()) is RESTRICTED
    assert [policy.retention_days(item) for item in Classification] == [400, 400, 90, 7]


def test_digest_tells_policies_apart() -> None:
    """The digest depends on what the policy says, not on how the file is written."""
    bare = Policy.parse("version = 1")
    spaced = Policy.parse("# a comment\nversion   =   1\n")
    other = Policy.parse("version = 1\n[retention]\nPUBLIC = 399\n")
    assert bare.digest == spaced.digest == Policy.default().digest
    assert other.digest != bare.digest
    assert len(bare.digest) == 16


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("x =", "policy.toml: not valid TOML: Invalid value (at end of document)"),
        ("[retention]", "policy.toml: key version is missing: expected version = 1"),
        ("version = 2", "policy.toml: key version has value 2: Input should be 1"),
        ("version = 1\nfoo = 1", "policy.toml: key foo is not known"),
        (
            "version = 1\n[retention]\nRESTRICTED = 0",
            "policy.toml: key retention.RESTRICTED has value 0: Input should be greater than or equal to 1",
        ),
        (
            'version = 1\n[retention]\nPUBLIC = "30"',
            "policy.toml: key retention.PUBLIC has value '30': Input should be a valid integer",
        ),
        (
            'version = 1\n[residency]\nallowed = ["eu"]',
            "policy.toml: key residency.allowed.0 has value 'eu': Input should be 'global' or 'us'",
        ),
        (
            'version = 1\n[classification.entities]\nEMAIL = "SECRET"',
            (
                "policy.toml: key classification.entities.EMAIL has value 'SECRET': "
                "Input should be 'PUBLIC', 'INTERNAL', 'CONFIDENTIAL' or 'RESTRICTED'"
            ),
        ),
        (
            'version = 1\n[classification.counts]\nEMAIL = { 1 = "PUBLIC" }',
            (
                "policy.toml: key classification.counts.EMAIL.1 has value '1': "
                "Input should be greater than or equal to 2"
            ),
        ),
        (
            (
                "version = 1\n[environments.production.retention]\nPUBLIC = 401\nINTERNAL = 1\nCONFIDENTIAL = 1\n"
                "RESTRICTED = 1"
            ),
            (
                "policy.toml: key (whole file): Value error, environments.production.retention.PUBLIC is longer than "
                "retention.PUBLIC"
            ),
        ),
        (
            (
                'version = 1\n[environments.production.capture]\nPUBLIC = "none"\nINTERNAL = "none"\n'
                'CONFIDENTIAL = "none"\nRESTRICTED = "redacted"'
            ),
            (
                "policy.toml: key (whole file): Value error, environments.production.capture.RESTRICTED is wider than "
                "capture.RESTRICTED"
            ),
        ),
    ],
)
def test_a_broken_policy_is_explained(tmp_path: Path, text: str, message: str) -> None:
    """An error names the file, the line or the key, the value, and what was expected."""
    path = tmp_path / "policy.toml"
    path.write_text(text)
    with pytest.raises(PolicyError) as caught:
        Policy.load(path)
    assert caught.value.problem.replace(str(tmp_path) + "/", "") == message


def test_every_problem_is_reported_at_once() -> None:
    """A file with several mistakes gets one message that lists them all."""
    with pytest.raises(PolicyError) as caught:
        Policy.parse("version = 1\nfoo = 1\n[retention]\nPUBLIC = 0\n", source="p")
    assert caught.value.problem.splitlines() == [
        "p: key retention.PUBLIC has value 0: Input should be greater than or equal to 1",
        "p: key foo is not known",
    ]


@pytest.mark.parametrize(("content", "reason"), [(None, "No such file or directory"), (b"\xff", "it is not UTF-8")])
def test_an_unreadable_policy_is_explained(tmp_path: Path, content: bytes | None, reason: str) -> None:
    """A policy file that is absent or not text is an error that says so."""
    path = tmp_path / "p.toml"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(PolicyError, match=reason):
        Policy.load(path)


def test_environments_override_retention_and_capture() -> None:
    """An environment may replace retention and capture; other environments are as the top level says."""
    policy = Policy.parse(
        "version = 1\n[environments.development]\n"
        "retention = { PUBLIC = 7, INTERNAL = 7, CONFIDENTIAL = 7, RESTRICTED = 7 }\n"
        'capture = { PUBLIC = "redacted", INTERNAL = "none", CONFIDENTIAL = "none", RESTRICTED = "none" }\n'
    )
    assert policy.retention_days(PUBLIC, environment="development") == 7
    assert policy.retention_days(PUBLIC, environment="production") == 400
    assert [policy.captures(item, environment="development") for item in Classification] == [True, False, False, False]
    assert policy.captures(CONFIDENTIAL, environment="production")


@pytest.mark.parametrize(
    ("geos", "region", "violated"),
    [
        (["us", "us"], "", False),
        ([], "", False),
        (["global"], "", True),
        (["us", "global"], "", True),
        ([], "eu-central-1", False),
        ([], "us-east-1", True),
    ],
)
def test_residency(geos: list[str], region: str, violated: bool) -> None:
    """Everything that was asked for and answered must be allowed; what is unknown breaks nothing."""
    policy = Policy.parse('version = 1\n[residency]\nallowed = ["us"]\nallowed_cloud_regions = ["eu-central-1"]\n')
    assert policy.residency.violated(geos, cloud_region=region) is violated
    assert not Policy.default().residency.violated(geos, cloud_region=region)


@pytest.mark.parametrize(
    ("geos", "region", "refused"),
    [
        (["us"], "", False),
        (["us", "global"], "", True),
        ([None], "", True),
        ([None], "eu-central-1", False),
        ([None], "us-east-1", True),
    ],
)
def test_what_residency_refuses(geos: list[str | None], region: str, refused: bool) -> None:
    """With "block" a request must be known to run where it may: unset is refused, but for a cloud's own endpoint."""
    table = '[residency]\nallowed = ["us"]\nallowed_cloud_regions = ["eu-central-1"]\n'
    blocking = Policy.parse(f'version = 1\n{table}on_violation = "block"\n')
    assert bool(blocking.residency.refuses(geos, cloud_region=region)) is refused
    assert not Policy.parse(f"version = 1\n{table}").residency.refuses(geos, cloud_region=region)


def test_what_is_injected_must_be_allowed() -> None:
    """A region that the same policy would then refuse is an error in the policy."""
    with pytest.raises(PolicyError, match="inject is 'global', which allowed does not list"):
        Policy.parse('version = 1\n[residency]\nallowed = ["us"]\ninject = "global"\n')
