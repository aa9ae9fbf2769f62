"""What can be read off template.yaml, above all what the emulator drops or cannot show."""

import json
import re
import subprocess
import unittest

from template import ROOT, of_type, statements, template, variables

FUNCTIONS = {"WebhookFunction": "webhook", "CrmPushFunction": "crm-push", "ScheduledFunction": "scheduled"}
ROLES = {"WebhookRole", "CrmPushRole", "ScheduledRole"}
# Personal data that must go by itself some day, see design: the others are kept until /delete or for ever.
EXPIRING = {"SessionsTable", "LeadsTable", "AiLogTable"}
# Set by Lambda, or of use only where no role stands behind the SDK.
NOT_ON_LAMBDA = {
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
}
LOCAL_ONLY = {"TELEGRAM_UPDATES", "CARQUERY_PORT", "CARQUERY_DATA_DIR", "CARQUERY_STAGE"}
# Nobody sets these: they tell a function, or the operator's command, where it is.
BY_TEMPLATE_ONLY = {"STAGE", "TELEGRAM_WEBHOOK_URL"}
SECRETS = {
    "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "AMOCRM_CLIENT_ID", "AMOCRM_CLIENT_SECRET", "AMOCRM_LONG_LIVED_TOKEN",
    "OPENAI_API_KEY",
}


def source(*folders: str) -> str:
    return "\n".join(
        path.read_text(encoding="utf-8") for folder in folders for path in sorted((ROOT / folder).rglob("*.rs"))
    )


def rust_groups() -> dict[str, set[str]]:
    """The variables that each settings struct reads, by the struct's name."""
    text = source("shared/settings/src") + source("shared/storage/src")
    groups = {}
    for name, body in re.findall(r"\nimpl (\w+) \{(.*?)\n\}", text, re.S):
        found = set(re.findall(r'env\s*\.\s*\w+(?:::<\w+>)?\(\s*"([A-Z][A-Z0-9_]+)"', body))
        if "AMOCRM_FIELD_" in body:
            codes = re.search(r"const FIELD_CODES: \[&str; \d+\] = \[(.*?)\];", text, re.S).group(1)
            found |= {f"AMOCRM_FIELD_{code}" for code in re.findall(r'"(\w+)"', codes)}
        if found:
            groups[name] = found
    return groups


class Linters(unittest.TestCase):
    def test_cfn_lint_has_nothing_to_say(self):
        said = subprocess.run(["cfn-lint", "template.yaml"], cwd=ROOT, capture_output=True, text=True, timeout=120)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)

    def test_sam_accepts_the_template(self):
        command = ["sam", "validate", "--lint", "--template-file", "template.yaml", "--region", "eu-central-1"]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
        self.assertEqual(said.returncode, 0, said.stdout + said.stderr)


class Data(unittest.TestCase):
    def test_every_table_is_encrypted_and_can_be_taken_back_to_any_second(self):
        for name, table in of_type("AWS::DynamoDB::Table").items():
            with self.subTest(name):
                self.assertIs(table["SSESpecification"]["SSEEnabled"], True)
                self.assertIs(table["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"], True)
                self.assertEqual(table["BillingMode"], "PAY_PER_REQUEST")

    def test_what_must_expire_expires(self):
        expiring = {
            name for name, table in of_type("AWS::DynamoDB::Table").items()
            if table.get("TimeToLiveSpecification") == {"AttributeName": "expires_at", "Enabled": True}
        }
        self.assertEqual(expiring, EXPIRING)

    def test_the_tokens_are_under_a_key_of_their_own_that_rotates(self):
        credentials = of_type("AWS::DynamoDB::Table")["CredentialsTable"]["SSESpecification"]
        self.assertEqual(credentials["SSEType"], "KMS")
        self.assertEqual(credentials["KMSMasterKeyId"], {"Fn::GetAtt": ["CredentialsKey", "Arn"]})
        self.assertIs(of_type("AWS::KMS::Key")["CredentialsKey"]["EnableKeyRotation"], True)

    def test_data_outlive_the_stack(self):
        # RetainExceptOnCreate is Retain, except for leftovers of a creation that failed.
        for name, resource in template()["Resources"].items():
            if resource["Type"] in ("AWS::DynamoDB::Table", "AWS::KMS::Key"):
                with self.subTest(name):
                    self.assertEqual(resource["DeletionPolicy"], "RetainExceptOnCreate")
                    self.assertEqual(resource["UpdateReplacePolicy"], "Retain")

    def test_keys_and_indexes_are_those_that_the_code_creates_locally(self):
        schema = source("shared/storage/src")
        leads = of_type("AWS::DynamoDB::Table")["LeadsTable"]
        for index in leads["GlobalSecondaryIndexes"]:
            self.assertIn(f'"{index["IndexName"]}"', schema)
        for table in of_type("AWS::DynamoDB::Table").values():
            for attribute in table["AttributeDefinitions"]:
                name, kind = attribute["AttributeName"], attribute["AttributeType"]
                self.assertRegex(schema, rf'\("{name}", (ScalarAttributeType::)?{kind}\)')


class Queue(unittest.TestCase):
    def test_a_message_stays_hidden_six_times_as_long_as_its_consumer_may_run(self):
        consumer = of_type("AWS::Serverless::Function")["CrmPushFunction"]["Timeout"]
        self.assertGreaterEqual(of_type("AWS::SQS::Queue")["LeadsQueue"]["VisibilityTimeout"], 6 * consumer)

    def test_a_consumer_runs_no_longer_than_its_lease(self):
        lease = re.search(r"const LEASE\w*: \w+ = (\d+)", source("functions/crm-push/src"))
        self.assertIsNotNone(lease, "crm-push has no constant LEASE…")
        self.assertLessEqual(of_type("AWS::Serverless::Function")["CrmPushFunction"]["Timeout"], int(lease.group(1)))

    def test_both_queues_are_fifo_and_encrypted_and_failures_end_in_the_second(self):
        queues = of_type("AWS::SQS::Queue")
        for name, queue in queues.items():
            with self.subTest(name):
                self.assertIs(queue["FifoQueue"], True)
                self.assertIs(queue["SqsManagedSseEnabled"], True)
                self.assertTrue(queue["QueueName"]["Fn::Sub"].endswith(".fifo"))
        self.assertEqual(
            queues["LeadsQueue"]["RedrivePolicy"],
            {"deadLetterTargetArn": {"Fn::GetAtt": ["LeadsDeadLetters", "Arn"]}, "maxReceiveCount": 3},
        )
        # Dead letters keep the time of their first sending.
        self.assertGreater(queues["LeadsDeadLetters"]["MessageRetentionPeriod"], queues["LeadsQueue"]["MessageRetentionPeriod"])

    def test_one_bad_message_does_not_take_its_batch_along(self):
        source_of_events = of_type("AWS::Serverless::Function")["CrmPushFunction"]["Events"]["Requests"]["Properties"]
        self.assertEqual(source_of_events["FunctionResponseTypes"], ["ReportBatchItemFailures"])
        self.assertEqual(source_of_events["BatchSize"], 10)
        self.assertEqual(source_of_events["ScalingConfig"], {"MaximumConcurrency": 2})


class Permissions(unittest.TestCase):
    def test_no_role_allows_everything_or_everywhere(self):
        for role in ROLES:
            for statement in statements(role):
                with self.subTest(role=role, sid=statement["Sid"]):
                    for action in statement["Action"]:
                        self.assertNotIn("*", action)
                    if statement["Sid"] == "Trace":  # X-Ray has no resources
                        self.assertEqual(set(statement["Action"]), {"xray:PutTraceSegments", "xray:PutTelemetryRecords"})
                    else:
                        self.assertNotIn("*", re.sub(r"\$\{[^}]*\}", "", json.dumps(statement["Resource"])))

    def test_roles_hold_nothing_but_their_own_statements(self):
        for role, properties in of_type("AWS::IAM::Role").items():
            self.assertIn(role, ROLES)
            self.assertNotIn("RoleName", properties)  # a name of its own asks for CAPABILITY_NAMED_IAM
            self.assertNotIn("ManagedPolicyArns", properties)
        for function in of_type("AWS::Serverless::Function").values():
            self.assertNotIn("Policies", function)  # SAM would ignore them beside a role

    def test_only_who_delivers_and_who_refreshes_reads_the_tokens(self):
        readers = {
            role for role in ROLES for statement in statements(role)
            if any(name in json.dumps(statement["Resource"]) for name in ("CredentialsTable", "CredentialsKey"))
        }
        self.assertEqual(readers, {"CrmPushRole", "ScheduledRole"})
        for role in readers:
            key = [statement for statement in statements(role) if statement["Sid"] == "CredentialsKey"]
            self.assertEqual([statement["Action"] for statement in key], [["kms:Decrypt"]])

    def test_callers_of_functions_are_named(self):
        for name, permission in of_type("AWS::Lambda::Permission").items():
            with self.subTest(name):
                self.assertIn("SourceArn", permission)


class Functions(unittest.TestCase):
    def test_each_has_its_own_role_logs_that_end_and_traces(self):
        shared = template()["Globals"]["Function"]
        self.assertEqual(shared["Tracing"], "Active")
        self.assertEqual(shared["Runtime"], "provided.al2023")
        self.assertEqual(shared["Architectures"], [{"Ref": "Architecture"}])
        self.assertEqual(set(of_type("AWS::Serverless::Function")), set(FUNCTIONS))
        groups = of_type("AWS::Logs::LogGroup")
        for name, function in of_type("AWS::Serverless::Function").items():
            with self.subTest(name):
                self.assertEqual(function["Role"], {"Fn::GetAtt": [name.replace("Function", "Role"), "Arn"]})
                self.assertEqual(function["CodeUri"], f"target/lambda/{FUNCTIONS[name]}/")
                logs = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
                self.assertEqual(logs["RetentionInDays"], {"Ref": "LogRetentionDays"})

    def test_the_api_gives_up_after_the_function_and_is_throttled(self):
        timeout = of_type("AWS::Serverless::Function")["WebhookFunction"]["Timeout"]
        self.assertLess(timeout * 1000, of_type("AWS::ApiGatewayV2::Integration")["WebhookIntegration"]["TimeoutInMillis"])
        settings = of_type("AWS::ApiGatewayV2::Stage")["ApiStage"]["DefaultRouteSettings"]
        self.assertEqual(settings["ThrottlingRateLimit"], {"Ref": "ThrottleRate"})
        routes = {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()}
        self.assertEqual(routes, {"POST /telegram/webhook", "GET /health"})

    def test_everything_is_named_after_its_stage(self):
        for kind, key in (
            ("AWS::Serverless::Function", "FunctionName"), ("AWS::DynamoDB::Table", "TableName"),
            ("AWS::SQS::Queue", "QueueName"), ("AWS::SNS::Topic", "TopicName"),
            ("AWS::CloudWatch::Alarm", "AlarmName"), ("AWS::CloudWatch::Dashboard", "DashboardName"),
            ("AWS::ApiGatewayV2::Api", "Name"),
        ):
            for name, properties in of_type(kind).items():
                with self.subTest(name):
                    self.assertTrue(properties[key]["Fn::Sub"].startswith("carquery-${Stage}"))


class Settings(unittest.TestCase):
    def wired(self) -> dict[str, set[str]]:
        return {folder: set(variables(name)) for name, folder in FUNCTIONS.items()}

    def test_every_setting_that_a_function_reads_is_wired(self):
        groups = rust_groups()
        self.assertGreaterEqual(len(groups), 7, "the settings could not be read off the source")
        for folder, wired in self.wired().items():
            text = source(f"functions/{folder}/src")
            read = set(re.findall(r'env\s*\.\s*\w+(?:::<\w+>)?\(\s*"([A-Z][A-Z0-9_]+)"', text))
            for group, names in groups.items():
                if re.search(rf"\b{group}::read\(", text):
                    read |= names
            if re.search(r"\bTables::read\(", text):  # names of tables have defaults for those a function never touches
                read -= {f"{table}_TABLE" for table in ("SESSIONS", "LEADS", "CUSTOMERS", "CREDENTIALS", "AI_LOG")}
                read |= {
                    name for method, name in (
                        ("sessions", "SESSIONS_TABLE"), ("leads", "LEADS_TABLE"), ("customers", "CUSTOMERS_TABLE"),
                        ("documents", "CREDENTIALS_TABLE"), ("ai_log", "AI_LOG_TABLE"),
                    ) if re.search(rf"\.{method}\(&?\w*[.\w]*tables\)", text)
                }
            with self.subTest(folder):
                self.assertTrue(read, "no settings found in the function's source")
                self.assertEqual(read - NOT_ON_LAMBDA - wired, set())

    def test_every_line_of_env_example_is_wired_or_local(self):
        example = set(re.findall(r"^#?([A-Z][A-Z0-9_]+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.M))
        wired = set().union(*self.wired().values())
        self.assertEqual(example - wired - NOT_ON_LAMBDA - LOCAL_ONLY, set())
        self.assertEqual(wired - example, BY_TEMPLATE_ONLY)

    def test_secrets_come_from_the_one_secret_and_from_nowhere_else(self):
        for name in FUNCTIONS:
            for variable, value in variables(name).items():
                text = json.dumps(value)
                if variable in SECRETS:
                    wanted = "{{resolve:secretsmanager:carquery/${Stage}:SecretString:" + variable + "}}"
                    self.assertEqual(value, {"Fn::Sub": wanted})
                else:
                    self.assertNotIn("resolve:", text)
        for name in template()["Parameters"]:
            self.assertNotRegex(name, "(?i)token$|clientsecret|apikey|password")
        self.assertNotIn("resolve:", json.dumps(template()["Outputs"]))

    def test_the_command_stores_just_those_secrets(self):
        text = (ROOT / "infra/carquery/src/secrets.rs").read_text(encoding="utf-8")
        listed = re.search(r"const SECRETS: \[&str; \d+\] = \[(.*?)\];", text, re.S).group(1)
        self.assertEqual(set(re.findall(r'"(\w+)"', listed)), SECRETS)

    def test_defaults_are_those_of_the_code(self):
        text = source("shared/settings/src")
        in_code = dict(re.findall(r'env\.(?:parsed_or|text|address)\("([A-Z_]+)", "?([\w./:-]+?)"?\)', text))
        in_code["OPENAI_BASE_URL"] = "https://api.openai.com/v1"
        parameters = template()["Parameters"]
        compared = 0
        for variable, value in [item for name in FUNCTIONS for item in variables(name).items()]:
            parameter = value.get("Ref") if isinstance(value, dict) else None
            if variable in in_code and parameter in parameters:
                default = str(parameters[parameter]["Default"])
                with self.subTest(variable):
                    if re.fullmatch(r"[\d._]+", in_code[variable]):
                        self.assertEqual(float(default), float(in_code[variable]))
                    else:
                        self.assertEqual(default, in_code[variable])
                compared += 1
        self.assertGreater(compared, 10)


class Alarms(unittest.TestCase):
    def test_every_alarm_tells_people_what_to_do_when_it_starts_and_that_it_is_over(self):
        topic = [{"Ref": "AlarmTopic"}]
        for name, alarm in of_type("AWS::CloudWatch::Alarm").items():
            with self.subTest(name):
                self.assertEqual(alarm["AlarmActions"], topic)
                self.assertEqual(alarm["OKActions"], topic)
                description = alarm["AlarmDescription"]
                text = description["Fn::Sub"] if isinstance(description, dict) else description
                self.assertRegex(text, r"(Look|Run|Read|Find|See|Check|`carquery)")
                self.assertLessEqual(len(text), 1024)

    def test_what_the_operator_must_learn_of_has_an_alarm(self):
        watched = {(alarm["Namespace"], alarm["MetricName"]) for alarm in of_type("AWS::CloudWatch::Alarm").values()}
        self.assertLessEqual(
            {
                ("AWS/SQS", "ApproximateNumberOfMessagesVisible"), ("AWS/SQS", "ApproximateAgeOfOldestMessage"),
                ("AWS/Lambda", "Errors"), ("AWS/Lambda", "Throttles"), ("AWS/Lambda", "Duration"),
                ("CarQuery", "OldestUnsentSeconds"), ("CarQuery", "TokenSecondsLeft"), ("CarQuery", "LeadsDead"),
            },
            watched,
        )
        for metric in ("Errors", "Throttles"):
            functions = {
                alarm["Dimensions"][0]["Value"]["Ref"]
                for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["MetricName"] == metric
            }
            self.assertEqual(functions, set(FUNCTIONS))

    def test_every_alarm_is_in_the_runbook(self):
        runbook = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
        for alarm in of_type("AWS::CloudWatch::Alarm").values():
            name = alarm["AlarmName"]["Fn::Sub"].removeprefix("carquery-${Stage}-")
            self.assertIn(f"`{name}`", runbook)

    def test_the_admins_chat_and_the_mail_hear_the_same(self):
        subscriptions = of_type("AWS::SNS::Subscription")
        self.assertEqual({it["Protocol"] for it in subscriptions.values()}, {"email", "lambda"})
        self.assertEqual(len({json.dumps(it["FilterPolicy"]) for it in subscriptions.values()}), 1)

    def test_every_metric_shown_or_watched_is_one_that_the_code_writes(self):
        written = set(re.findall(r'"([A-Z][A-Za-z]+)"', source("functions", "shared")))
        watched = {
            alarm["MetricName"] for alarm in of_type("AWS::CloudWatch::Alarm").values() if alarm["Namespace"] == "CarQuery"
        }
        board = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        watched |= set(re.findall(r'"CarQuery", "(\w+)"', board)) | set(re.findall(r'MetricName=\\"(\w+)\\"', board))
        self.assertGreater(len(watched), 8)
        self.assertEqual(watched - written, set())

    def test_the_dashboard_is_json(self):
        board = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        widgets = json.loads(re.sub(r"\$\{[^}]*\}", "x", board))["widgets"]
        self.assertGreaterEqual(len(widgets), 8)
        for widget in widgets:
            self.assertTrue(widget["properties"].get("title") or widget["properties"].get("markdown"))


if __name__ == "__main__":
    unittest.main()
