"""How a stage is deployed and a release is made: the role on AWS, the workflows on GitHub, the packages from PyPI."""

import json
import re
import unittest

import yaml

from template import ROOT, of_type, operator_statements, statements, template

BOUNDED = {"Fn::If": ["HasPermissionsBoundary", {"Ref": "PermissionsBoundaryArn"}, {"Ref": "AWS::NoValue"}]}


def delivery(resource: str) -> dict:
    return template("infra/delivery.yaml")["Resources"][resource]["Properties"]


def workflows() -> dict[str, dict]:
    paths = (ROOT / ".github/workflows").glob("*.yml")
    return {path.stem: yaml.load(path.read_text(encoding="utf-8"), yaml.BaseLoader) for path in paths}


def jobs() -> list[tuple[str, dict]]:
    return [(f"{workflow}/{name}", job) for workflow, it in workflows().items() for name, job in it["jobs"].items()]


class Role(unittest.TestCase):
    def setUp(self):
        (policy,) = delivery("Role")["Policies"]
        self.statements = policy["PolicyDocument"]["Statement"]

    def test_every_role_of_a_stage_can_be_held_within_the_boundary(self):
        for name, role in of_type("AWS::IAM::Role").items():
            self.assertEqual(role["PermissionsBoundary"], BOUNDED, name)
        schedule = of_type("AWS::Serverless::Function")["ScheduledFunction"]["Events"]["EveryFewMinutes"]["Properties"]
        self.assertEqual(schedule["PermissionsBoundary"], BOUNDED)

    def test_the_boundary_allows_what_the_roles_do_and_nothing_of_iam(self):
        allowed = {action for it in delivery("Boundary")["PolicyDocument"]["Statement"] for action in it["Action"]}
        done = {"lambda:InvokeFunction"}  # by the schedule, whose role SAM makes
        for role in of_type("AWS::IAM::Role"):
            for statement in statements(role) + statements(role, on_condition="HasKmsKey"):
                done |= set(statement["Action"])
        self.assertEqual(allowed, done)

    def test_it_cannot_make_itself_or_others_an_administrator(self):
        boundary = {"StringEquals": {"iam:PermissionsBoundary": {"Ref": "Boundary"}}}
        harmless = re.compile("iam:(Get|List|Tag|Untag|DeleteRole$)")
        for statement in self.statements:
            of_iam = {action for action in statement["Action"] if action.startswith("iam:")}
            self.assertFalse({"*", "iam:*"} & set(statement["Action"]))
            if not of_iam:
                continue
            self.assertEqual(of_iam, set(statement["Action"]))
            self.assertTrue(statement["Resource"]["Fn::Sub"].endswith(":role/carquery-${Stage}-*"))
            if of_iam == {"iam:PassRole"}:
                self.assertIn("iam:PassedToService", json.dumps(statement["Condition"]))
            elif not all(harmless.match(action) for action in of_iam):
                self.assertEqual(statement["Condition"], boundary)
        # Neither of the two is among what the role may change.
        for name in (delivery("Role")["RoleName"], delivery("Boundary")["ManagedPolicyName"]):
            self.assertTrue(name["Fn::Sub"].startswith("delivery-"))

    def test_only_main_in_the_stages_environment_may_use_it(self):
        (statement,) = delivery("Role")["AssumeRolePolicyDocument"]["Statement"]
        self.assertEqual(statement["Condition"], {"StringEquals": {
            "token.actions.githubusercontent.com:aud": "sts.amazonaws.com",
            "token.actions.githubusercontent.com:sub": {"Fn::Sub": "repo:${Repository}:environment:${Stage}"},
            "token.actions.githubusercontent.com:ref": "refs/heads/main",
        }})

    def test_all_templates_know_the_same_stages(self):
        paths = ("template.yaml", "infra/delivery.yaml", "infra/operator.yaml")
        self.assertEqual(len({template(path)["Parameters"]["Stage"]["AllowedPattern"] for path in paths}), 1)


class Operator(unittest.TestCase):
    def test_the_policy_allows_named_actions_on_what_is_the_stages(self):
        for statement in operator_statements():
            with self.subTest(statement["Sid"]):
                self.assertNotIn("*", "".join(statement["Action"]))
                resources = statement["Resource"] if isinstance(statement["Resource"], list) else [statement["Resource"]]
                if statement["Sid"] == "AlarmsAndMetrics":
                    self.assertEqual({action.split(":")[0] for action in statement["Action"]}, {"cloudwatch"})
                elif statement["Sid"] == "CredentialsKey":  # which key, only the stack knows
                    conditions = statement["Condition"]["StringEquals"]
                    self.assertEqual(conditions["kms:EncryptionContext:aws:dynamodb:tableName"], {"Fn::Sub": "carquery-${Stage}-credentials"})
                else:
                    for resource in resources:
                        self.assertRegex(resource["Fn::Sub"], r":(secret:carquery/\$\{Stage\}-\*|[a-z:/]*carquery-\$\{Stage\}-[a-z*.-]+)$")

    def test_settings_under_a_key_of_ones_own_can_be_read_too(self):
        self.assertEqual(operator_statements(on_condition="HasKmsKey"), [
            {"Sid": "SettingsKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": {"Ref": "KmsKeyArn"}}
        ])

    def test_the_command_calls_what_the_policy_allows(self):
        # Calls of DynamoDB and SQS are on record in the deployment test.
        text = "\n".join(path.read_text(encoding="utf-8") for path in (ROOT / "infra/carquery/src").rglob("*.rs"))
        for action in (action for statement in operator_statements() for action in statement["Action"]):
            service, name = action.split(":")
            if service in ("lambda", "secretsmanager", "cloudwatch"):
                method = re.sub("(?<!^)(?=[A-Z])", "_", name).lower()
                self.assertIn(f".{method}()", text, action)


class Workflows(unittest.TestCase):
    def test_no_job_that_can_sign_in_runs_build_scripts(self):
        able = {name: job for name, job in jobs() if "id-token" in job.get("permissions", {})}
        self.assertEqual(set(able), {"ci/dev", "ci/release", "deploy/deploy"})
        for name, job in able.items():
            with self.subTest(name):
                commands = "\n".join(step.get("run", "") for step in job.get("steps", []))
                self.assertNotRegex(commands, r"cargo|rustup|npm|\.ci/run|tests/.*\.sh")
        for name, workflow in workflows().items():
            self.assertNotIn("id-token", workflow.get("permissions", {}), name)

    def test_only_main_is_deployed(self):
        on_main = "github.ref == 'refs/heads/main'"
        every = workflows()
        self.assertIn(on_main, every["ci"]["jobs"]["dev"]["if"])
        self.assertIn(on_main, every["deploy"]["jobs"]["build"]["if"])
        self.assertEqual(every["deploy"]["jobs"]["deploy"]["needs"], "build")

    def test_a_release_says_where_its_binaries_come_from(self):
        release = workflows()["ci"]["jobs"]["release"]
        actions = [step["uses"].split("@")[0] for step in release["steps"] if "uses" in step]
        self.assertIn("actions/attest-build-provenance", actions)
        self.assertEqual(release["permissions"]["attestations"], "write")

    def test_actions_are_pinned_by_commit(self):
        for name, job in jobs():
            for step in job.get("steps", []):
                if "uses" in step:
                    self.assertRegex(step["uses"], r"@[0-9a-f]{40}$", name)

    def test_advisories_are_looked_up_every_day(self):
        audit = workflows()["audit"]
        self.assertTrue(audit["on"]["schedule"])
        self.assertIn("cargo deny", json.dumps(audit["jobs"]["advisories"]["steps"]))

    def test_packages_are_installed_by_hash(self):
        scripts = [path.read_text(encoding="utf-8") for path in (ROOT / "tests/deploy/run.sh", *(ROOT / ".github/workflows").glob("*.yml"))]
        installs = re.findall(r"pip\"? install .*", "\n".join(scripts))
        self.assertEqual(len(installs), 4)
        for install in installs:
            self.assertIn("--require-hashes", install)
        for listed in (ROOT / "tests/deploy").glob("requirements*.txt"):
            packages = re.findall(r"^[A-Za-z0-9].*?==.*?\n(?=[A-Za-z0-9]|\Z)", listed.read_text(encoding="utf-8"), re.M | re.S)
            self.assertTrue(packages)
            for package in packages:
                self.assertIn("--hash=sha256:", package, listed.name)


if __name__ == "__main__":
    unittest.main()
