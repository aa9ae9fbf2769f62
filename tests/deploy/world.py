"""The emulator of AWS, the simulators around the bot, and a stage of it deployed between them."""

import contextlib
import io
import json
import math
import os
import re
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import boto3

from template import ROOT

REGION = "eu-central-1"
STAGE = "e2e"
STACK = f"carquery-{STAGE}"
FUNCTIONS = {"webhook": "WebhookRole", "crm-push": "CrmPushRole", "scheduled": "ScheduledRole"}
OPERATOR = "operator"
# How long a person waits for a bot that is well.
PATIENCE = 15
# The schedule of the tests comes by once a minute.
SCHEDULE_PATIENCE = 90


class NotYet(AssertionError):
    """What was waited for has not come."""


def wait_for(what: str, look, patience: float = PATIENCE):
    """The first true answer of `look`."""
    end = time.monotonic() + patience
    while True:
        found = look()
        if found:
            return found
        if time.monotonic() > end:
            raise NotYet(f"not within {patience} s: {what}")
        time.sleep(0.1)


def http(method: str, url: str, body=None, headers=None) -> tuple[int, bytes]:
    """Status and body, also of a refusal."""
    data = json.dumps(body).encode() if body is not None else None
    request = urllib.request.Request(url, data, {"content-type": "application/json"} | (headers or {}), method=method)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Simulators:
    """Telegram, amoCRM and a model, from `carquery-local simulators`; its control API plays the customers."""

    def __init__(self, log):
        command = [os.environ["CARQUERY_LOCAL_BIN"], "simulators"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError("the simulators did not start")
        self.settings = json.loads(line)
        self.door = self.settings.pop("CONTROL_URL")

    def call(self, method: str, path: str, body=None):
        status, answer = http(method, self.door + path, body)
        if status not in (200, 204):
            raise AssertionError(f"{method} {path}: {status} {answer.decode()}")
        return json.loads(answer) if answer else None

    def deals(self) -> list[dict]:
        return self.call("GET", "/deals")

    def break_amocrm(self, what: dict) -> None:
        self.call("POST", "/faults/amocrm", {"route": "*", "when": "always", "what": what})

    def fix(self) -> None:
        self.call("DELETE", "/faults")

    def stop(self) -> None:
        stop(self.process)


class SalesGroup:
    """The group in which the dealer's people take requests and talk with customers."""

    def __init__(self, simulators: Simulators, chat_id: int, members: dict[int, str]):
        self.simulators, self.id = simulators, chat_id
        simulators.call("POST", f"/groups/{chat_id}", {"members": members})

    def taps(self, member: int, button: str) -> None:
        self.simulators.call("POST", f"/groups/{self.id}/members/{member}/tap", {"text": button})

    def says(self, member: int, topic: str, text: str) -> None:
        self.simulators.call("POST", f"/groups/{self.id}/members/{member}/say", {"text": text, "topic": topic})

    def sees(self, text: str) -> dict:
        """The newest message of the bot with this text in it."""

        def newest():
            messages = self.simulators.call("GET", f"/customers/{self.id}")["messages"]
            own = [message for message in messages if message["from"] == "bot"]
            return next((message for message in reversed(own) if text in message["text"]), None)

        return wait_for(f"«{text}» in the group", newest)


class Customer:
    """Somebody with a telephone."""

    # The bot takes five updates a second from one person.
    PACE = 0.25

    def __init__(self, simulators: Simulators, first_name: str):
        self.simulators = simulators
        self.id = simulators.call("POST", "/customers", {"first_name": first_name})["chat_id"]

    def chat(self) -> dict:
        return self.simulators.call("GET", f"/customers/{self.id}")

    def says(self, text: str) -> "Customer":
        return self._does("say", {"text": text})

    def shares(self, phone: str) -> "Customer":
        self.wait("a question for the phone", lambda: self.chat()["reply_keyboard"])
        return self._does("contact", {"phone": phone})

    def sends_album(self, count: int) -> "Customer":
        return self._does("album", {"count": count})

    def _does(self, what: str, body: dict) -> "Customer":
        time.sleep(self.PACE)
        self.simulators.call("POST", f"/customers/{self.id}/{what}", body)
        return self

    def taps(self, button: str) -> "Customer":
        """Presses a button as soon as it is there."""

        def visible():
            chat = self.chat()
            keys = {key["text"] for row in (chat["reply_keyboard"] or {"rows": []})["rows"] for key in row}
            return button in keys | {it["text"] for message in chat["messages"] for row in message["buttons"] for it in row}

        self.wait(f"the button «{button}»", visible)
        return self._does("tap", {"text": button})

    def sees(self, text: str, patience: float = PATIENCE) -> dict:
        """The newest message of the bot with this text in it."""

        def newest():
            own = [message for message in self.chat()["messages"] if message["from"] == "bot"]
            return next((message for message in reversed(own) if text in message["text"]), None)

        return self.wait(f"«{text}»", newest, patience)

    def wait(self, what: str, look, patience: float = PATIENCE):
        try:
            return wait_for(what, look, patience)
        except NotYet as late:
            last = [f"{message['from']}: {message['text']}" for message in self.chat()["messages"][-4:]]
            raise NotYet(f"{late}; the chat ends with\n" + "\n".join(last)) from None


class Emulator:
    """AWS on this machine, with permissions enforced."""

    def __init__(self, folder: Path, log):
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        home = folder / "aws"
        home.mkdir()
        # Functions inherit this environment, so it holds nothing else.
        environment = {
            "PATH": "/usr/bin:/bin", "HOME": str(home), "TMPDIR": str(home), "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(self.port), "AWS_ENDPOINT_URL": self.url, "MINISTACK_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION, "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0",
            "AUTH": "true", "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "CLOUDTRAIL_RECORDING": "1", "CLOUDTRAIL_MAX_EVENTS": "100000",
        }
        self.process = subprocess.Popen([shutil.which("ministack")], env=environment, cwd=home, stdout=log, stderr=log)
        wait_for("the emulator", self._up, 30)
        # Who called is in the record as a key only; each function's key is in its process's environment.
        self.keys: dict[str, str] = {}
        self._watching = threading.Event()
        self._watcher = threading.Thread(target=self._watch_keys, daemon=True)
        self._watcher.start()

    def _up(self) -> bool:
        with contextlib.suppress(OSError):
            return http("GET", f"{self.url}/_ministack/health")[0] == 200
        return False

    def _functions(self):
        """Processes of the deployed functions: id and environment."""
        for process in Path("/proc").glob("[0-9]*"):
            with contextlib.suppress(OSError):
                text = (process / "environ").read_text(errors="replace")
                pairs = dict(pair.split("=", 1) for pair in text.split("\0") if "=" in pair)
                if pairs.get("GATEWAY_PORT") == str(self.port) and pairs.get("AWS_LAMBDA_FUNCTION_NAME", "").startswith(STACK):
                    yield int(process.name), pairs

    def _watch_keys(self) -> None:
        while not self._watching.wait(0.2):
            for _, pairs in self._functions():
                self.keys[pairs["AWS_ACCESS_KEY_ID"]] = pairs["AWS_LAMBDA_FUNCTION_NAME"].removeprefix(f"{STACK}-")

    def client(self, service: str):
        return boto3.client(
            service, endpoint_url=self.url, region_name=REGION, aws_access_key_id="test", aws_secret_access_key="test"
        )

    def used_permissions(self) -> dict[str, set[tuple[str, str]]]:
        """What each function and the operator called: action and resource, the latter as the end of its ARN."""
        used: dict[str, set[tuple[str, str]]] = {caller: set() for caller in [*FUNCTIONS, OPERATOR]}
        for key, caller in self.keys.items():
            for event in self._calls_by(key):
                used[caller] |= set(_permissions_of(json.loads(event["CloudTrailEvent"])))
        return used

    def _calls_by(self, key: str):
        """Everything on record of one key. The emulator answers the newest fifty up to a time and has no next page."""
        cloudtrail, until = self.client("cloudtrail"), {}
        while True:
            events = cloudtrail.lookup_events(
                LookupAttributes=[{"AttributeKey": "AccessKeyId", "AttributeValue": key}], MaxResults=50, **until
            )["Events"]
            yield from events
            if len(events) < 50:
                return
            oldest = math.ceil(events[-1]["EventTime"].timestamp())
            if until and oldest >= until["EndTime"]:
                oldest = until["EndTime"] - 1  # a whole second of fifty calls
            until = {"EndTime": oldest}

    def stop(self) -> None:
        self._watching.set()
        self._watcher.join(5)
        stop(self.process)
        for process, _ in list(self._functions()):  # what the emulator left running
            with contextlib.suppress(ProcessLookupError):
                os.kill(process, signal.SIGKILL)


def _permissions_of(event: dict):
    service, action = event["eventSource"].split(".")[0], event["eventName"]
    asked = event["requestParameters"] or {}
    if service == "dynamodb" and action == "TransactWriteItems":
        for item in asked["TransactItems"]:
            for kind, write in item.items():
                name = "ConditionCheckItem" if kind == "ConditionCheck" else f"{kind}Item"
                yield f"dynamodb:{name}", write["TableName"]
    elif service == "dynamodb":
        index = f"/index/{asked['IndexName']}" if "IndexName" in asked else ""
        yield f"dynamodb:{action}", asked["TableName"] + index
    elif service == "sqs":
        queue = asked.get("QueueUrl") or asked.get("SourceArn") or asked["QueueName"]
        yield f"sqs:{action.removesuffix('Batch')}", re.split("[/:]", queue)[-1]
    elif service not in ("sts", "logs", "xray"):
        yield f"{service}:{action}", "?"


class Stage:
    """A deployed stage."""

    def __init__(self, emulator: Emulator, simulators: Simulators, folder: Path, carquery: str):
        self.emulator, self.simulators, self.folder, self.carquery_command = emulator, simulators, folder, carquery
        self.environment = {
            "PATH": os.environ["PATH"], "HOME": str(folder), "TMPDIR": str(folder), "SAM_CLI_TELEMETRY": "0",
            "AWS_ENDPOINT_URL": emulator.url, "AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": REGION, "AWS_EC2_METADATA_DISABLED": "true",
        }
        # Who deploys is the operator, too, until there is somebody else.
        self.operator: dict[str, str] = {}
        settings = simulators.settings
        self.parameters = {
            "Stage": STAGE, "Architecture": os.environ["DEPLOY_ARCHITECTURE"], "AlarmEmail": "operator@example.org", "RetrySchedule": "rate(1 minute)",
            "RetryIntervalSeconds": "2", "TelegramApiUrl": settings["TELEGRAM_API_URL"], "AdminChatId": settings["ADMIN_CHAT_ID"],
            "AmocrmBaseUrl": settings["AMOCRM_BASE_URL"], "OpenaiBaseUrl": settings["OPENAI_BASE_URL"],
        }

    def carquery(self, *arguments: str, check: bool = True, stage: str = STAGE, data: str = "") -> subprocess.CompletedProcess:
        """The operator's command, which has nothing of AWS but the way in: the stage's settings are its functions'. `data` is
        the folder of a bot on one machine, for the stage `local`."""
        said = subprocess.run(
            [self.carquery_command, "--stage", stage, "--json", *arguments], cwd=self.folder,
            env=self.environment | self.operator | {"CARQUERY_DATA_DIR": data}, capture_output=True, text=True, timeout=60,
        )
        if check and said.returncode != 0:
            raise AssertionError(f"carquery {' '.join(arguments)}: {said.stdout}{said.stderr}")
        return said

    def hire_operator(self) -> None:
        """From now on the command may do what infra/operator.yaml allows, and nothing else."""
        cloudformation, iam = self.emulator.client("cloudformation"), self.emulator.client("iam")
        cloudformation.create_stack(
            StackName=f"{STACK}-operator", TemplateBody=(ROOT / "infra/operator.yaml").read_text(encoding="utf-8"),
            Parameters=[{"ParameterKey": "Stage", "ParameterValue": STAGE}], Capabilities=["CAPABILITY_NAMED_IAM"],
        )
        cloudformation.get_waiter("stack_create_complete").wait(StackName=f"{STACK}-operator", WaiterConfig={"Delay": 1})
        (output,) = cloudformation.describe_stacks(StackName=f"{STACK}-operator")["Stacks"][0]["Outputs"]
        iam.create_user(UserName=OPERATOR)
        iam.attach_user_policy(UserName=OPERATOR, PolicyArn=output["OutputValue"])
        key = iam.create_access_key(UserName=OPERATOR)["AccessKey"]
        self.emulator.keys[key["AccessKeyId"]] = OPERATOR
        self.operator = {"AWS_ACCESS_KEY_ID": key["AccessKeyId"], "AWS_SECRET_ACCESS_KEY": key["SecretAccessKey"]}

    @contextlib.contextmanager
    def without_operator(self):
        """Whoever has deployed the stage gives the commands."""
        operator, self.operator = self.operator, {}
        try:
            yield
        finally:
            self.operator = operator

    @contextlib.contextmanager
    def at_rest(self, name: str):
        """Another stage with the same tables, all empty. Of its functions there are only the settings: nothing runs."""
        def renamed(text: str) -> str:
            return text.replace(STACK, f"carquery-{name}")

        dynamodb, functions = self.emulator.client("dynamodb"), self.emulator.client("lambda")
        sqs = self.emulator.client("sqs")
        code = io.BytesIO()
        with zipfile.ZipFile(code, "w") as archive:
            archive.writestr("bootstrap", "")
        tables = [table for table in dynamodb.list_tables()["TableNames"] if table.startswith(f"{STACK}-")]
        for table in tables:
            found = dynamodb.describe_table(TableName=table)["Table"]
            keys = {key["AttributeName"] for key in found["KeySchema"]}
            dynamodb.create_table(
                TableName=renamed(table), KeySchema=found["KeySchema"], BillingMode="PAY_PER_REQUEST",
                AttributeDefinitions=[one for one in found["AttributeDefinitions"] if one["AttributeName"] in keys],
            )
        for function in ("webhook", "crm-push"):
            known = functions.get_function_configuration(FunctionName=f"{STACK}-{function}")
            settings = {key: renamed(value) for key, value in known["Environment"]["Variables"].items()}
            functions.create_function(
                FunctionName=renamed(f"{STACK}-{function}"), Runtime="provided.al2023", Handler="bootstrap", Role=known["Role"],
                Code={"ZipFile": code.getvalue()}, Environment={"Variables": settings},
            )
        queue = sqs.create_queue(QueueName=renamed(f"{STACK}-leads-dlq.fifo"), Attributes={"FifoQueue": "true"})["QueueUrl"]
        try:
            yield name
        finally:
            for function in ("webhook", "crm-push"):
                functions.delete_function(FunctionName=renamed(f"{STACK}-{function}"))
            for table in tables:
                dynamodb.delete_table(TableName=renamed(table))
            sqs.delete_queue(QueueUrl=queue)

    def deploy(self, **changes: str) -> None:
        self.parameters |= changes
        self.sam(
            "deploy", "--template-file", os.environ["DEPLOY_TEMPLATE"], "--resolve-s3", "--capabilities", "CAPABILITY_IAM",
            "--no-confirm-changeset", "--no-fail-on-empty-changeset",
            "--parameter-overrides", *(f'ParameterKey={name},ParameterValue="{value}"' for name, value in self.parameters.items()),
        )

    def sam(self, command: str, *arguments: str) -> None:
        # In a folder of its own: the repository's samconfig.toml describes real accounts.
        said = subprocess.run(
            ["sam", command, "--stack-name", STACK, *arguments],
            env=self.environment, cwd=self.folder, capture_output=True, text=True, timeout=240,
        )
        if said.returncode != 0:
            raise AssertionError(f"sam {command}: {said.stdout[-6000:]}{said.stderr[-2000:]}")

    def outputs(self) -> dict[str, str]:
        stack = self.emulator.client("cloudformation").describe_stacks(StackName=STACK)["Stacks"][0]
        return {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}

    def url(self, path: str) -> str:
        # Amazon's address of the API does not lead here.
        return f"{self.emulator.url}/_aws/execute-api/{self.outputs()['ApiId']}/$default{path}"

    def logs(self, function: str) -> str:
        pages = self.emulator.client("logs").get_paginator("filter_log_events")
        events = pages.paginate(logGroupName=f"/aws/lambda/{STACK}-{function}")
        return "\n".join(event["message"] for page in events for event in page["events"])

    def metrics(self, function: str) -> list[dict]:
        """Its lines in the embedded metric format. The emulator writes a line some time after the call it tells of."""
        found = []
        for line in self.logs(function).splitlines():
            with contextlib.suppress(json.JSONDecodeError):
                values = json.loads(line)
                if "_aws" in values:
                    found.append(values)
        return found

    def publish_metrics(self, function: str) -> None:
        """What CloudWatch does by itself with such lines, and the emulator does not."""
        cloudwatch = self.emulator.client("cloudwatch")
        for values in self.metrics(function):
            for directive in values["_aws"]["CloudWatchMetrics"]:
                cloudwatch.put_metric_data(Namespace=directive["Namespace"], MetricData=[
                    {
                        "MetricName": metric["Name"], "Unit": metric["Unit"], "Value": values[metric["Name"]],
                        "Timestamp": values["_aws"]["Timestamp"] / 1000,
                        "Dimensions": [{"Name": name, "Value": values[name]} for name in names],
                    }
                    for metric in directive["Metrics"] for names in directive["Dimensions"]
                ])


def stop(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(15)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(5)


@contextlib.contextmanager
def deployed():
    """A stage as docs/deploy.md brings it up."""
    carquery = os.environ["CARQUERY_BIN"]
    with contextlib.ExitStack() as cleanup:
        folder = Path(cleanup.enter_context(tempfile.TemporaryDirectory(prefix="carquery-deploy-")))
        log = cleanup.enter_context(open(os.environ.get("DEPLOY_LOG", folder / "log"), "w"))
        simulators = Simulators(log)
        cleanup.callback(simulators.stop)
        emulator = Emulator(folder, log)
        cleanup.callback(emulator.stop)
        stage = Stage(emulator, simulators, folder, carquery)

        wanted = ("TELEGRAM_BOT_TOKEN", "AMOCRM_LONG_LIVED_TOKEN")
        (folder / ".env").write_text("".join(f"{name}={simulators.settings[name]}\n" for name in wanted))
        stage.carquery("secrets", "put")
        # From now on .env is of somebody's own bot on this machine, and no command for the stage may listen to it.
        (folder / ".env").write_text("TELEGRAM_BOT_TOKEN=1:another\nADMIN_CHAT_ID=7\nAMOCRM_MOCK_MODE=true\nOPENAI_API_KEY=\n")
        stage.deploy()
        stage.hire_operator()
        stage.carquery("telegram", "set-webhook", stage.url("/telegram/webhook"))
        yield stage
