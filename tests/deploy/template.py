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
def template() -> dict:
    return yaml.load((ROOT / "template.yaml").read_text(encoding="utf-8"), Loader)


def of_type(kind: str) -> dict:
    """Properties of the resources of one type, by logical id."""
    found = {name: it.get("Properties", {}) for name, it in template()["Resources"].items() if it["Type"] == kind}
    assert found, f"template.yaml has no {kind}"
    return found


def variables(function: str) -> dict:
    """The environment of a function, with what all of them share."""
    shared = template()["Globals"]["Function"]["Environment"]["Variables"]
    return shared | of_type("AWS::Serverless::Function")[function]["Environment"]["Variables"]


def statements(role: str) -> list[dict]:
    """What a role allows."""
    policies = of_type("AWS::IAM::Role")[role]["Policies"]
    return [statement for policy in policies for statement in policy["PolicyDocument"]["Statement"]]
