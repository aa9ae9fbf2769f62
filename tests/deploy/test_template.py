"""What can be read off template.yaml, above all what the emulator drops or cannot show."""

import json
import re
import subprocess
import tomllib
import unittest
from typing import NamedTuple

from template import ROOT, expiring_tables, of_type, statements, template, variables

FUNCTIONS = {"WebhookFunction": "webhook", "CrmPushFunction": "crm-push", "ScheduledFunction": "scheduled"}
ROLES = {"WebhookRole", "CrmPushRole", "ScheduledRole"}
# Set by Lambda, or of use only where no role stands behind the SDK.
NOT_ON_LAMBDA = {
    "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL_SQS", "AWS_REGION", "AWS_DEFAULT_REGION",
    "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN",
}
# Nobody sets these: they tell a function, or the operator's command, where it is.
BY_TEMPLATE_ONLY = {"STAGE", "TELEGRAM_WEBHOOK_URL"}
LOCAL_ONLY = {
    "TELEGRAM_UPDATES", "CARQUERY_PORT", "CARQUERY_DATA_DIR", "CARQUERY_STAGE", "CARQUERY_DEALER_FILE",
    "CARQUERY_MINUTE_SECONDS",
}
SECRETS = {
    "TELEGRAM_BOT_TOKEN", "TELEGRAM_WEBHOOK_SECRET", "TELEGRAM_WEBHOOK_SECRET_PREVIOUS", "AMOCRM_CLIENT_ID",
    "AMOCRM_CLIENT_SECRET", "AMOCRM_LONG_LIVED_TOKEN", "AMOCRM_WEBHOOK_SECRET", "OPENAI_API_KEY", "OPENAI_TRANSCRIBE_API_KEY",
}


# Each alarm: what is watched, its one dimension, statistic, period × periods (of which this many count), and when it rings.
LESS, MORE, AT_LEAST = "LessThanThreshold", "GreaterThanThreshold", "GreaterThanOrEqualToThreshold"
ALARMS = {
    "dead-letters": ("AWS/SQS ApproximateNumberOfMessagesVisible", "QueueName", "LeadsDeadLetters", "Maximum", "1 of 1 × 60", MORE, 0),
    "queue-stuck": ("AWS/SQS ApproximateAgeOfOldestMessage", "QueueName", "LeadsQueue", "Maximum", "2 of 2 × 60", MORE, 300),
    "webhook-errors": ("AWS/Lambda Errors", "FunctionName", "WebhookFunction", "Sum", "1 of 1 × 60", AT_LEAST, 1),
    "crm-push-errors": ("AWS/Lambda Errors", "FunctionName", "CrmPushFunction", "Sum", "1 of 1 × 60", AT_LEAST, 1),
    "scheduled-errors": ("AWS/Lambda Errors", "FunctionName", "ScheduledFunction", "Sum", "2 of 2 × 300", AT_LEAST, 1),
    "webhook-throttles": ("AWS/Lambda Throttles", "FunctionName", "WebhookFunction", "Sum", "1 of 1 × 300", AT_LEAST, 1),
    "crm-push-throttles": ("AWS/Lambda Throttles", "FunctionName", "CrmPushFunction", "Sum", "1 of 1 × 300", AT_LEAST, 1),
    "scheduled-throttles": ("AWS/Lambda Throttles", "FunctionName", "ScheduledFunction", "Sum", "1 of 1 × 300", AT_LEAST, 1),
    "model-failures": ("CarQuery ModelFailures", "stage", "Stage", "Average", "2 of 2 × 1800", AT_LEAST, 0.9),
    "slow-replies": ("CarQuery ReplyTime", "stage", "Stage", "p99", "2 of 3 × 300", MORE, 5000),
    "api-5xx": ("AWS/ApiGateway 5xx", "ApiId", "Api", "Sum", "1 of 1 × 300", AT_LEAST, 5),
    "api-4xx": ("AWS/ApiGateway 4xx", "ApiId", "Api", "Sum", "3 of 3 × 300", AT_LEAST, 1),
    "schedule-silent": ("CarQuery UnsentLeads", "stage", "Stage", "SampleCount", "3 of 3 × 300", LESS, 1),
    "unsent-too-long": ("CarQuery OldestUnsentSeconds", "stage", "Stage", "Maximum", "1 of 1 × 300", MORE, 1800),
    "token-expires": ("CarQuery TokenSecondsLeft", "stage", "Stage", "Minimum", "2 of 2 × 300", LESS, 14400),
    "request-given-up": ("CarQuery LeadsDead", "stage", "Stage", "Sum", "1 of 1 × 300", AT_LEAST, 1),
}
# The end of a period is not good news for these: a request stays given up.
NEVER_OVER = {"request-given-up"}
# Silence is what this one is about; to the others it means that nothing happens.
ABOUT_SILENCE = {"schedule-silent"}


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


class Table(NamedTuple):
    """What the code says of a table."""

    variable: str
    resource: str
    opener: str
    indexes: list[str]
    expires: bool


def tables() -> list[Table]:
    wired = {name: value for function in FUNCTIONS for name, value in variables(function).items()}
    found = []
    for path in sorted((ROOT / "shared/storage/src").glob("*.rs")):
        text = path.read_text(encoding="utf-8")
        if definition := re.search(r'suffix: "([a-z-]+)",.*?indexes: &\[(.*?)\],\n    expires: (true|false)', text, re.S):
            suffix, definitions, expires = definition.groups()
            constants = dict(re.findall(r'const (\w+_INDEX): &str = "(\w+)"', source("shared/storage/src")))
            indexes = [constants[name] for name in re.findall(r"\((\w+), &\[", definitions)]
            variable = suffix.upper().replace("-", "_") + "_TABLE"
            opener = re.search(r"pub fn (\w+)\(&self, tables: &Tables\)", text).group(1)
            found.append(Table(variable, wired[variable]["Ref"], opener, indexes, expires == "true"))
    return found


def metrics_written() -> dict[str, set[str]]:
    """The dimensions besides stage and service of each metric that the functions write."""
    written: dict[str, set[str]] = {}
    text = source("functions", "shared")
    for call in re.finditer(r"metrics::(put|count)\(", text):
        depth, end = 1, call.end()
        while depth:
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        arguments = text[call.end():end]
        if call.group(1) == "count":
            name, dimension = re.match(r'\s*"(\w+)",\s*"(\w+)"', arguments).groups()
            written.setdefault(name, set()).add(dimension)
        else:
            dimensions = set(re.findall(r'\("([a-z_]+)",', arguments))
            for name in re.findall(r'\("([A-Z]\w+)",', arguments):
                written.setdefault(name, set()).update(dimensions)
    return written


def alarms() -> dict[str, dict]:
    """The alarms by the name that the operator sees, without its beginning."""
    found = of_type("AWS::CloudWatch::Alarm").values()
    return {alarm["AlarmName"]["Fn::Sub"].removeprefix("carquery-${Stage}-"): alarm for alarm in found}


def rule(alarm: dict) -> tuple:
    """An alarm as ALARMS has it."""
    (dimension,) = alarm["Dimensions"]
    value = dimension["Value"]
    whose = value["Ref"] if "Ref" in value else value["Fn::GetAtt"][0]
    periods = alarm["EvaluationPeriods"]
    return (
        f"{alarm['Namespace']} {alarm['MetricName']}", dimension["Name"], whose,
        alarm.get("Statistic") or alarm["ExtendedStatistic"],
        f"{alarm.get('DatapointsToAlarm', periods)} of {periods} × {alarm['Period']}",
        alarm["ComparisonOperator"], alarm["Threshold"],
    )


class Linters(unittest.TestCase):
    def test_cfn_lint_has_nothing_to_say(self):
        command = ["cfn-lint", "template.yaml", "infra/delivery.yaml", "infra/operator.yaml"]
        said = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
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
        # Personal data must go by themselves some day, unless the table says until when it keeps them.
        kept = {name for name in of_type("AWS::DynamoDB::Table") if "KeptUntil" in template()["Resources"][name].get("Metadata", {})}
        self.assertEqual(expiring_tables(), set(of_type("AWS::DynamoDB::Table")) - kept)
        self.assertEqual(expiring_tables(), {table.resource for table in tables() if table.expires})

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
        for found in tables():
            table = of_type("AWS::DynamoDB::Table")[found.resource]
            indexes = [index["IndexName"] for index in table.get("GlobalSecondaryIndexes", [])]
            self.assertEqual(sorted(indexes), sorted(found.indexes), found.resource)
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
        def without_condition(name: str) -> set[str]:
            return {
                role for role in ROLES for statement in statements(role)
                if name in json.dumps(statement["Resource"]) and "dynamodb:LeadingKeys" not in json.dumps(statement)
            }

        self.assertEqual(without_condition("CredentialsTable"), {"CrmPushRole", "ScheduledRole"})
        for role in without_condition("CredentialsKey"):
            key = [statement for statement in statements(role) if statement["Sid"] == "CredentialsKey"]
            self.assertEqual([statement["Action"] for statement in key], [["kms:Decrypt"]])
            self.assertIn("kms:ViaService", json.dumps(key))

    def test_whoever_answers_customers_reads_two_documents_beside_the_tokens_and_writes_one(self):
        documents = {
            action: statement["Condition"] for statement in statements("WebhookRole")
            if "CredentialsTable" in json.dumps(statement["Resource"]) for action in statement["Action"]
        }
        only = lambda *keys: {"ForAllValues:StringEquals": {"dynamodb:LeadingKeys": list(keys)}}
        self.assertEqual(documents, {
            "dynamodb:GetItem": only("amocrm-incident", "admin-chat"), "dynamodb:PutItem": only("admin-chat"),
        })

    def test_what_lambda_does_in_a_functions_name_is_allowed_to_each(self):
        # The emulator asks nobody for these, so the deployment test would not miss them.
        logs = {"WebhookRole": "WebhookLogs", "CrmPushRole": "CrmPushLogs", "ScheduledRole": "ScheduledLogs"}
        trace = {
            "Sid": "Trace", "Effect": "Allow", "Resource": "*",
            "Action": ["xray:PutTraceSegments", "xray:PutTelemetryRecords"],
        }
        for role in ROLES:
            with self.subTest(role):
                self.assertIn({
                    "Sid": "WriteLogs", "Effect": "Allow", "Resource": {"Fn::GetAtt": [logs[role], "Arn"]},
                    "Action": ["logs:CreateLogStream", "logs:PutLogEvents"],
                }, statements(role))
                self.assertIn(trace, statements(role))
        self.assertIn({
            "Sid": "TakeFromQueue", "Effect": "Allow", "Resource": {"Fn::GetAtt": ["LeadsQueue", "Arn"]},
            "Action": ["sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:GetQueueAttributes"],
        }, statements("CrmPushRole"))

    def test_a_key_of_ones_own_is_used_for_all_settings_and_each_role_may_decrypt_with_it_only_then(self):
        key = {"Ref": "KmsKeyArn"}
        self.assertEqual(template()["Globals"]["Function"]["KmsKeyArn"], {"Fn::If": ["HasKmsKey", key, {"Ref": "AWS::NoValue"}]})
        self.assertEqual(template()["Conditions"]["HasKmsKey"], {"Fn::Not": [{"Fn::Equals": [key, ""]}]})
        self.assertEqual(template()["Parameters"]["KmsKeyArn"]["Default"], "")
        for role in ROLES:
            self.assertEqual(statements(role, on_condition="HasKmsKey"), [
                {"Sid": "SettingsKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key]}
            ])

    def test_lambda_and_nobody_else_acts_as_a_role(self):
        for name, role in of_type("AWS::IAM::Role").items():
            with self.subTest(name):
                self.assertEqual(role["AssumeRolePolicyDocument"]["Statement"], [
                    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
                ])

    def test_the_api_and_the_alarms_may_call_their_function_and_nobody_else_any(self):
        def call(function, service, source_arn):
            return {
                "FunctionName": {"Ref": function}, "Action": "lambda:InvokeFunction",
                "Principal": f"{service}.amazonaws.com", "SourceArn": source_arn,
            }

        api = {"Fn::Sub": "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*"}
        self.assertEqual(of_type("AWS::Lambda::Permission"), {
            "ApiMayCallWebhook": call("WebhookFunction", "apigateway", api),
            "TopicMayCallScheduled": call("ScheduledFunction", "sns", {"Ref": "AlarmTopic"}),
        })


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
                self.assertEqual(function["CodeUri"], f"functions/{FUNCTIONS[name]}/")
                self.assertEqual(template()["Resources"][name]["Metadata"], {"BuildMethod": "rust-cargolambda"})
                logs = groups[function["LoggingConfig"]["LogGroup"]["Ref"]]
                self.assertEqual(logs["RetentionInDays"], {"Ref": "LogRetentionDays"})

    def test_sam_builds_what_the_lock_file_says_and_deploys_what_it_built(self):
        metadata = tomllib.loads((ROOT / "Cargo.toml").read_text(encoding="utf-8"))["workspace"]["metadata"]
        self.assertEqual(metadata["lambda"]["build"], {"locked": True})
        samconfig = tomllib.loads((ROOT / "samconfig.toml").read_text(encoding="utf-8"))
        for stage in ("dev", "prod"):
            parameters = samconfig[stage]["deploy"]["parameters"]
            self.assertEqual(parameters["template_file"], ".aws-sam/build/template.yaml")
            # `sam build` knows the default only: another value here would deploy for a processor that was not built for.
            self.assertFalse([it for it in parameters["parameter_overrides"] if it.startswith("Architecture=")])

    def test_the_api_gives_up_after_the_function_and_is_throttled(self):
        timeout = of_type("AWS::Serverless::Function")["WebhookFunction"]["Timeout"]
        self.assertLess(timeout * 1000, of_type("AWS::ApiGatewayV2::Integration")["WebhookIntegration"]["TimeoutInMillis"])
        settings = of_type("AWS::ApiGatewayV2::Stage")["ApiStage"]["DefaultRouteSettings"]
        self.assertEqual(settings["ThrottlingRateLimit"], {"Ref": "ThrottleRate"})
        routes_of_their_own = of_type("AWS::ApiGatewayV2::Stage")["ApiStage"]["RouteSettings"]
        self.assertEqual(routes_of_their_own["GET /health"], {"ThrottlingRateLimit": 1, "ThrottlingBurstLimit": 5})
        routes = {route["RouteKey"] for route in of_type("AWS::ApiGatewayV2::Route").values()}
        self.assertEqual(routes, {"POST /telegram/webhook", "POST /amocrm/webhook/{secret}", "GET /health"})

    def test_requests_are_logged_without_secrets_and_addresses(self):
        settings = of_type("AWS::ApiGatewayV2::Stage")["ApiStage"]["AccessLogSettings"]
        logged = set(json.loads(settings["Format"]).values())
        self.assertIn("$context.status", logged)
        # The path holds the secret of amoCRM's hook.
        self.assertFalse([value for value in logged if re.search("path|sourceip|authorizer|user", value, re.I)])
        logs = of_type("AWS::Logs::LogGroup")[settings["DestinationArn"]["Fn::GetAtt"][0]]
        self.assertEqual(logs["RetentionInDays"], {"Ref": "LogRetentionDays"})

    def test_deliveries_and_the_schedule_can_be_given_executions_of_their_own(self):
        wanted = {"Fn::If": ["ReservesConcurrency", {"Ref": "ReservedConcurrency"}, {"Ref": "AWS::NoValue"}]}
        functions = of_type("AWS::Serverless::Function")
        reserved = {name: function.get("ReservedConcurrentExecutions") for name, function in functions.items()}
        self.assertEqual(reserved, {"WebhookFunction": None, "CrmPushFunction": wanted, "ScheduledFunction": wanted})

    def test_no_stage_is_named_like_the_beginning_of_another(self):
        names = re.compile(template()["Parameters"]["Stage"]["AllowedPattern"])
        self.assertTrue(names.match("prod") and names.match("dev2"))
        self.assertIsNone(names.match("prod-eu"), "carquery-prod-* would be its resources, too")

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
            if "turn::Settings::read(" in text:
                text += source("shared/turn/src")
            read = set(re.findall(r'env\s*\.\s*\w+(?:::<\w+>)?\(\s*"([A-Z][A-Z0-9_]+)"', text))
            for group, names in groups.items():
                if re.search(rf"\b{group}::read\(", text):
                    read |= names
            for table in tables():  # names of tables have defaults, for those that a function never touches
                if re.search(rf"\.{table.opener}\(&?\w*[.\w]*tables\)", text):
                    read.add(table.variable)
            with self.subTest(folder):
                self.assertTrue(read, "no settings found in the function's source")
                self.assertEqual(read - NOT_ON_LAMBDA - LOCAL_ONLY - wired, set())

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
        in_code = dict(re.findall(r'env\.(?:parsed_or|within|text|address)\("([A-Z_]+)", "?([\w./:-]+?)"?(?:, [^)]*)?\)', text))
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
        self.assertGreater(compared, 20)


class Alarms(unittest.TestCase):
    def test_each_watches_what_it_should_and_rings_when_it_should(self):
        self.assertEqual(set(alarms()), set(ALARMS))
        for name, alarm in alarms().items():
            with self.subTest(name):
                self.assertEqual(rule(alarm), ALARMS[name])
                self.assertEqual(alarm["TreatMissingData"], "missing" if name in ABOUT_SILENCE else "notBreaching")

    def test_every_alarm_tells_people_what_to_do_when_it_starts_and_that_it_is_over(self):
        topic = [{"Ref": "AlarmTopic"}]
        for name, alarm in alarms().items():
            with self.subTest(name):
                self.assertIsNot(alarm.get("ActionsEnabled"), False)
                self.assertEqual(alarm["AlarmActions"], topic)
                self.assertEqual(alarm.get("OKActions"), None if name in NEVER_OVER else topic)
                self.assertEqual(alarm.get("InsufficientDataActions"), topic if name in ABOUT_SILENCE else None)
                description = alarm["AlarmDescription"]
                text = description["Fn::Sub"] if isinstance(description, dict) else description
                self.assertRegex(text, r"(Look|Run|Read|Find|See|Check|`carquery)")
                self.assertLessEqual(len(text), 1024)

    def test_every_alarm_is_in_the_runbook(self):
        runbook = (ROOT / "docs/runbook.md").read_text(encoding="utf-8")
        for name in alarms():
            self.assertIn(f"`{name}`", runbook)

    def test_the_admins_read_of_every_alarm_in_their_language_what_is_wrong_and_what_to_do(self):
        texts = (ROOT / "shared/texts/ru/admin.ftl").read_text(encoding="utf-8")
        reported_by_functions = {"request-given-up", "token-expires", "model-failures"}
        told = set(re.findall(r"^alarm-([\w-]+) = .+\n    \.remedy = ", texts, re.M))
        self.assertEqual(told, set(alarms()) - reported_by_functions)

    def test_the_admins_chat_and_the_mail_hear_the_same(self):
        subscriptions = of_type("AWS::SNS::Subscription")
        self.assertEqual({it["Protocol"] for it in subscriptions.values()}, {"email", "lambda"})
        self.assertEqual({json.dumps(it["TopicArn"]) for it in subscriptions.values()}, {'{"Ref": "AlarmTopic"}'})
        self.assertEqual(subscriptions["AlarmChat"]["Endpoint"], {"Fn::GetAtt": ["ScheduledFunction", "Arn"]})
        for name, subscription in subscriptions.items():
            with self.subTest(name):
                self.assertEqual(subscription["FilterPolicyScope"], "MessageBody")
                self.assertEqual(subscription["FilterPolicy"], {"$or": [
                    {"NewStateValue": ["ALARM"]}, {"NewStateValue": ["OK"], "OldStateValue": ["ALARM"]},
                    {"NewStateValue": ["INSUFFICIENT_DATA"]},
                ]})

    def test_only_the_schedule_writes_the_metric_whose_silence_rings(self):
        writers = re.findall(r'"UnsentLeads"', source("functions", "shared"))
        self.assertEqual((len(writers), source("functions/scheduled/src").count('"UnsentLeads"')), (1, 1))

    def test_every_metric_watched_is_one_that_the_code_writes_under_that_dimension(self):
        written = metrics_written()
        self.assertGreater(len(written), 12, "the metrics could not be read off the source")
        # Each is written twice: under all of its dimensions, and under the stage alone.
        self.assertIn('"Dimensions": [names, ["stage"]]', source("shared/settings/src"))
        for name, alarm in alarms().items():
            if alarm["Namespace"] == "CarQuery":
                with self.subTest(name):
                    self.assertIn(alarm["MetricName"], written)
                    self.assertEqual(alarm["Dimensions"], [{"Name": "stage", "Value": {"Ref": "Stage"}}])


class Dashboard(unittest.TestCase):
    def setUp(self):
        self.text = of_type("AWS::CloudWatch::Dashboard")["Dashboard"]["DashboardBody"]["Fn::Sub"]
        self.widgets = json.loads(self.text)["widgets"]

    def rows(self):
        """Every series shown, written out in full: title, and the list that names it."""
        for widget in self.widgets:
            last = []
            for row in widget["properties"]["metrics"]:
                names = [part for part in row if isinstance(part, str)]
                if names and names[0] == "...":
                    names = last[:len(last) - len(names) + 1] + names[1:]
                names = [last[place] if part == "." else part for place, part in enumerate(names)]
                last = names or last
                yield widget["properties"]["title"], names, row

    def test_every_search_names_the_dimensions_under_which_the_code_writes(self):
        written, searches = metrics_written(), {}
        for title, _, row in self.rows():
            for part in row:
                if isinstance(part, dict) and "expression" in part:
                    with self.subTest(title):
                        found = re.fullmatch(
                            r"""SEARCH\('\{([\w,]+)\} stage="\$\{Stage\}" MetricName="(\w+)"', 'Sum', (\d+)\)""", part["expression"]
                        )
                        self.assertIsNotNone(found, part["expression"])
                        schema, metric, _ = found.groups()
                        searches[metric] = schema.split(",")
                        self.assertEqual(searches[metric][:3], ["CarQuery", "stage", "service"])
                        self.assertEqual(set(searches[metric][3:]), written[metric])
        self.assertEqual(set(searches), {"Updates", "StepsReached", "RequestsFinished", "CrmErrors"})

    def test_every_series_of_ours_is_one_that_the_code_writes(self):
        written, shown = metrics_written(), set()
        for title, names, _ in self.rows():
            if names and names[0] == "CarQuery":
                with self.subTest(title):
                    self.assertIn(names[1], written)
                    self.assertEqual(names[2:], ["stage", "${Stage}"])
                    shown.add(names[1])
        self.assertGreaterEqual(len(shown), 10)

    def test_every_series_of_aws_is_of_one_of_our_resources(self):
        owners = {
            "AWS/Lambda": ("FunctionName", {f"${{{name}}}" for name in FUNCTIONS}),
            "AWS/ApiGateway": ("ApiId", {"${Api}"}),
            "AWS/SQS": ("QueueName", {"${LeadsQueue.QueueName}", "${LeadsDeadLetters.QueueName}"}),
        }
        for title, names, _ in self.rows():
            if names and names[0] != "CarQuery":
                with self.subTest(title=title, series=names):
                    dimension, whose = owners[names[0]]
                    self.assertEqual(names[2], dimension)
                    self.assertIn(names[3], whose)
                    self.assertEqual(len(names), 4)

    def test_every_widget_has_a_title_and_a_region(self):
        self.assertGreaterEqual(len(self.widgets), 8)
        for widget in self.widgets:
            self.assertTrue(widget["properties"]["title"])
            self.assertEqual(widget["properties"]["region"], "${AWS::Region}")


if __name__ == "__main__":
    unittest.main()
