"""rpc.discover: the document follows the OpenRPC specification, and a real daemon does what it says. Every answer
and event of a session with coprocesses in every state is held against the schemas, each of them closed: a
member that is not described is an error, too.

    openrpc_test.py MASTERD
"""

import json
import pathlib
import subprocess
import sys
import tempfile
import unittest

import jsonschema
import zmq

MASTERD = sys.argv[1]
LIMIT_MS = 40_000  # generous: only a test that fails waits for it
# What any method may be refused with; the document says so in words.
ANYWHERE = {"bad_params", "not_permitted", "too_many_pending"}

# https://spec.open-rpc.org: object -> required fields, all fields. Each may also have x-...
OBJECTS = {
    "document": ({"openrpc", "info", "methods"},
                 {"openrpc", "info", "servers", "methods", "components", "externalDocs"}),
    "info": ({"title", "version"}, {"title", "description", "termsOfService", "contact", "license", "version"}),
    "method": ({"name", "params", "result"},
               {"name", "tags", "summary", "description", "externalDocs", "params", "result", "deprecated",
                "servers", "errors", "links", "paramStructure", "examples"}),
    "descriptor": ({"name", "schema"}, {"name", "summary", "description", "required", "schema", "deprecated"}),
    "error": ({"code", "message"}, {"code", "message", "data"}),
    "components": (set(), {"contentDescriptors", "schemas", "examples", "links", "errors", "examplePairingObjects",
                           "tags"}),
}

SESSION = """
[session]
name = "zoo"
[defaults]
stop = {{ ladder = [{{ signal = "SIGTERM", grace = "30s" }}] }}
[coprocess.ui]
group = "app"
command = ["sh", "-c", "echo hello; echo oops >&2; read x; exec sleep 1000"]
stdin = "pipe"
output = {{ file = "{folder}/ui.log" }}
ready = {{ output = "hello" }}
[coprocess.load]
type = "oneshot"
command = ["true"]
[coprocess.deaf]
command = ["sh", "-c", "trap '' TERM; echo set; while :; do sleep 1000 & wait; done"]
ready = {{ output = "set" }}
requires = ["load"]
[coprocess.flapping]
command = ["false"]
restart = {{ policy = "always", delay = "60s", limit = 0, max_delay = "60s" }}
ready = {{ delay = "30s" }}
[coprocess.broken]
command = ["/no/such/program"]
[coprocess.late]
command = ["sleep", "1000"]
ready = {{ file = "{folder}/never", timeout = "1h" }}
[coprocess.behind]
command = ["sleep", "1000"]
requires = ["late"]
"""


def closed(schema):
    """The schema without members that it doesn't describe."""
    if isinstance(schema, list):
        return [closed(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: closed(value) for key, value in schema.items()}
    if found.get("type") == "object" and "properties" in found:
        found["additionalProperties"] = False
    return found


class OpenRpcTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        root = pathlib.Path(cls.folder.name)
        (root / "sessions").mkdir()
        (root / "sessions/zoo.toml").write_text(SESSION.format(folder=root))
        (root / "sessions/bad.toml").write_text("[coprocess.a]\ncomand = []\n")
        cls.endpoint = f"ipc://{root}/control.sock"
        with open(root / "log", "wb") as log:
            cls.daemon = subprocess.Popen([MASTERD, "--endpoint", cls.endpoint, "--config-dir",
                                           str(root / "sessions")], stderr=log)
        cls.context = zmq.Context()
        cls.socket = cls.context.socket(zmq.REQ)
        cls.socket.setsockopt(zmq.LINGER, 0)
        cls.socket.connect(cls.endpoint)
        cls.document = cls.exchange("rpc.discover", {})["result"]
        cls.methods = {method["name"]: method for method in cls.document["methods"]}

    @classmethod
    def tearDownClass(cls):
        cls.context.destroy(linger=0)
        cls.daemon.terminate()
        cls.daemon.wait(LIMIT_MS / 1000)
        cls.folder.cleanup()

    @classmethod
    def exchange(cls, method, params):
        cls.socket.send_json({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        if not cls.socket.poll(LIMIT_MS):
            raise AssertionError(f"no answer to {method}")
        return cls.socket.recv_json()

    def validator(self, schema):
        # References are into the document.
        whole = {**closed(schema), "components": closed(self.document["components"])}
        return jsonschema.Draft7Validator(whole)

    def ask(self, method, /, **params):
        """An answer, held against the document: the result, or the reason of an error."""
        described = self.methods[method]
        answer = self.exchange(method, params)
        if "result" in answer:
            for param in described["params"]:
                if param["name"] in params:
                    self.validator(param["schema"]).validate(params[param["name"]])
            self.validator(described["result"]["schema"]).validate(answer["result"])
            return answer["result"]
        error = answer["error"]
        reason = error["data"]["reason"]
        errors = [self.document["components"]["errors"][each["$ref"].rsplit("/", 1)[1]] for each in described.get("errors", [])]
        if reason not in ANYWHERE:
            self.assertIn((error["code"], reason), [(each["code"], each["data"]["reason"]) for each in errors],
                          f"{method}: {error}")
        return reason

    def states(self):
        return {each["name"]: each["state"] for each in self.ask("status")["coprocesses"]}

    # ---- the form ----

    def check_object(self, kind, value, where):
        required, known = OBJECTS[kind]
        self.assertEqual(required - value.keys(), set(), where)
        self.assertEqual({key for key in value.keys() - known if not key.startswith("x-")}, set(), where)

    def test_the_document_has_the_form_that_the_specification_asks_for(self):
        document = self.document
        self.check_object("document", document, "document")
        self.assertRegex(document["openrpc"], r"^1\.\d+\.\d+$")
        self.check_object("info", document["info"], "info")
        self.check_object("components", document["components"], "components")
        self.assertEqual(len(self.methods), len(document["methods"]), "names are unique")
        for method in document["methods"]:
            self.check_object("method", method, method["name"])
            self.assertEqual(method["paramStructure"], "by-name")
            names = [param["name"] for param in method["params"]]
            self.assertEqual(len(set(names)), len(names), method["name"])
            required = [bool(param.get("required")) for param in method["params"]]
            self.assertEqual(required, sorted(required, reverse=True), "required parameters come first")
            for descriptor in [*method["params"], method["result"]]:
                self.check_object("descriptor", descriptor, method["name"])
        for name, error in document["components"]["errors"].items():
            self.check_object("error", error, name)
            self.assertEqual(error["data"]["reason"], name)

    def test_every_schema_is_one_and_every_reference_leads_somewhere(self):
        for name, schema in self.document["components"]["schemas"].items():
            with self.subTest(schema=name):
                jsonschema.Draft7Validator.check_schema(schema)

        def walk(value):
            if isinstance(value, list):
                for each in value:
                    walk(each)
            elif isinstance(value, dict):
                if "$ref" in value:
                    self.assertEqual(list(value), ["$ref"])
                    target = self.document
                    for part in value["$ref"].removeprefix("#/").split("/"):
                        target = target[part]
                for each in value.values():
                    walk(each)

        walk(self.document)

    def test_the_description_of_itself_is_right(self):
        schema = self.methods["rpc.discover"]["result"]["schema"]  # leaves the rest to the specification: not closed
        jsonschema.Draft7Validator(schema).validate(self.exchange("rpc.discover", {})["result"])

    # ---- the truth ----

    def test_what_is_answered_and_published_is_what_the_document_says(self):
        events = self.context.socket(zmq.SUB)
        self.addCleanup(events.close, linger=0)
        events.setsockopt(zmq.SUBSCRIBE, b"")
        events.connect(self.ask("ping")["events"][0])
        # The first heartbeat proves that the subscription is in force.
        self.assertTrue(events.poll(LIMIT_MS))

        self.assertEqual(self.ask("status")["session"], None)
        for method, params in (("tree", {}), ("end_session", {}), ("stop", {"names": ["x"]}),
                               ("logs", {"name": "x"}), ("status", {"name": "x"})):
            self.assertEqual(self.ask(method, **params), "no_session")
        self.assertEqual(len(self.ask("list_configs")["configs"]), 2)
        self.assertFalse(self.ask("check_config", config="bad")["ok"])
        self.assertTrue(self.ask("check_config", config="zoo")["ok"])
        self.assertEqual(self.ask("check_config", config="none"), "unknown_config")
        self.assertEqual(self.ask("set_config", config="bad"), "bad_config")
        self.assertEqual(len(self.ask("set_config", config="zoo", dry_run=True)["changes"]["added"]), 7)
        self.assertEqual(self.ask("set_config", config="zoo", wait="ready", timeout_s=0.1), "timeout")

        for name, state in (("ui", "running"), ("deaf", "running"), ("flapping", "backoff"), ("broken", "failed"),
                            ("load", "exited"), ("behind", "waiting"), ("late", "starting")):
            self.assertEqual(self.ask("wait", name=name, state=state, timeout_s=30), {"name": name, "state": state})
            self.ask("status", name=name)
        self.assertEqual(self.ask("wait", name="broken", state="running"), "impossible")
        self.assertEqual(self.ask("wait", name="late", state="running", timeout_s=0.01), "timeout")
        self.assertEqual(self.ask("write_stdin", name="ui", data="x\n"), {"bytes": 2})
        self.assertEqual(self.ask("write_stdin", name="ui", data="x" * 70_000), "too_large")
        self.assertEqual(self.ask("write_stdin", name="deaf", data="x"), "no_stdin")
        self.assertEqual(self.ask("write_stdin", name="broken", data="x"), "not_running")
        self.assertEqual(self.ask("signal", name="deaf", signal="WINCH"), {})
        self.assertEqual(self.ask("signal", name="broken", signal="HUP"), "not_running")
        self.assertEqual(self.ask("signal", name="broken", signal="NONSENSE"), "bad_params")
        self.assertEqual(len(self.ask("logs", name="ui", lines=10)["lines"]), 2)
        self.assertEqual(len(self.ask("tree")["coprocesses"]), 7)
        self.assertEqual(self.ask("tree", name="nobody"), "unknown_coprocess")
        self.assertEqual(self.ask("rotate_logs")["files"][0]["name"], "ui")
        self.assertEqual(self.ask("rotate_logs", names=["nobody"]), "unknown_coprocess")
        self.assertGreater(len(self.ask("history", limit=100)["transitions"]), 7)
        self.ask("history", name="session.", since_seq=1)

        self.assertEqual(self.ask("restart", names=["u*"], wait=True, timeout_s=30),
                         {"coprocesses": [{"name": "ui", "state": "running"}]})
        self.assertEqual(self.ask("stop", names=["deaf"], wait=True, timeout_s=0.01), "timeout")
        deaf = self.ask("status", name="deaf")["coprocesses"][0]
        self.assertEqual(deaf["state"], "stopping")
        self.assertIn("pids", deaf)
        self.assertEqual(self.ask("stop", names=["deaf"], now=True, wait=True), {"coprocesses": [{"name": "deaf", "state": "stopped"}]})
        self.assertEqual(self.ask("start", names=["broken"], wait=True), "failed")
        self.ask("start", names=["deaf"], wait=True)
        self.assertEqual(set(self.states().values()), {"running", "exited", "backoff", "failed", "starting", "waiting"})

        self.assertEqual(self.ask("end_session", wait=True, timeout_s=0.01), "timeout")
        self.assertEqual(self.ask("status")["session"]["state"], "stopping")
        self.assertEqual(self.ask("set_config", config="zoo"), "busy")
        self.assertEqual(self.ask("start", names=["ui"]), "busy")
        self.ask("stop", names=["*"], now=True)
        if self.ask("end_session", wait=True, timeout_s=30) != "no_session":
            self.assertEqual(self.ask("status")["session"], None)
        self.ask("history")

        schemas = {each["topic"].split(".")[0]: each["schema"] for each in self.document["x-events"]}
        seen = set()
        while events.poll(0) or seen != schemas.keys():
            self.assertTrue(events.poll(LIMIT_MS), f"only {seen}")
            topic, body = events.recv_multipart()
            kind = topic.decode().split(".")[0]
            seen.add(kind)
            self.validator(schemas[kind]).validate(json.loads(body)["params"])

    def test_z_shutdown_is_as_described(self):
        self.assertEqual(self.ask("shutdown", reason="the test is over"), {"accepted": True, "already_in_progress": False})


unittest.main(argv=sys.argv[:1], verbosity=2)
