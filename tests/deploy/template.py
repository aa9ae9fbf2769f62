"""Reads template.yaml with CloudFormation's short forms (`!Sub x` is `{"Fn::Sub": "x"}`)."""

from functools import cache
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]


class Loader(yaml.SafeLoader):
    """YAML with CloudFormation's tags."""


def _short_form(loader, suffix, node):
    name = suffix if suffix in ("Ref", "Condition") else f"Fn::{suffix}"
    if isinstance(node, yaml.ScalarNode):
        value = loader.construct_scalar(node)
        return {name: value.split(".", 1) if suffix == "GetAtt" else value}
    if isinstance(node, yaml.SequenceNode):
        return {name: loader.construct_sequence(node, deep=True)}
    return {name: loader.construct_mapping(node, deep=True)}


Loader.add_multi_constructor("!", _short_form)


@cache
def template(path: str = "template.yaml") -> dict:
    return yaml.load((ROOT / path).read_text(encoding="utf-8"), Loader)


def of_type(kind: str) -> dict:
    """Properties of the resources of one type, by logical id."""
    found = {name: it.get("Properties", {}) for name, it in template()["Resources"].items() if it["Type"] == kind}
    assert found, f"template.yaml has no {kind}"
    return found


def table_names(stack: str) -> dict[str, str]:
    """What the tables of a deployed stack are called, by logical id."""
    tables = of_type("AWS::DynamoDB::Table").items()
    return {name: table["TableName"]["Fn::Sub"].replace("carquery-${Stage}", stack) for name, table in tables}


def expiring_tables() -> set[str]:
    """Logical ids of the tables whose items are deleted by themselves."""
    expiry = {"AttributeName": "expires_at", "Enabled": True}
    tables = of_type("AWS::DynamoDB::Table").items()
    return {name for name, table in tables if table.get("TimeToLiveSpecification") == expiry}


def variables(function: str) -> dict:
    """The environment of a function, with what all of them share."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    return shared | of_type("AWS::Serverless::Function")[function]["Environment"]["Variables"]


def operator_statements(on_condition: str | None = None) -> list[dict]:
    """What the policy for operators always allows, or only if a parameter is set."""
    policy = template("infra/operator.yaml")["Resources"]["OperatorPolicy"]["Properties"]
    return _chosen(policy["PolicyDocument"]["Statement"], on_condition)


def statements(role: str, on_condition: str | None = None) -> list[dict]:
    """What a role always allows, or only if a parameter is set."""
    policies = of_type("AWS::IAM::Role")[role]["Policies"]
    return _chosen([statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]], on_condition)


def _chosen(written: list[dict], on_condition: str | None) -> list[dict]:
    if on_condition is None:
        return [statement for statement in written if "Fn::If" not in statement]
    conditional = [statement["Fn::If"] for statement in written if "Fn::If" in statement]
    return [allowed for condition, allowed, _ in conditional if condition == on_condition]
