"""examples/python/masterd.py and watch.py against a real daemon.

    python_module_test.py MASTERD FOLDER_OF_MASTERD_PY
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import threading
import unittest

MASTERD, MODULE = sys.argv[1:3]
sys.path.insert(0, MODULE)

import masterd  # noqa: E402 (it has to be found first)

LIMIT = 40  # s; generous: only a test that fails waits for it
LINES = 40_000  # more than the queues on the way hold
SESSION = """
[coprocess.ui]
command = ["sleep", "1000"]
[coprocess.load]
type = "oneshot"
command = ["true"]
"""
FLOOD = f"""
[coprocess.flood]
command = ["sh", "-c", "seq {LINES}; while read x; do echo more; done"]
stdin = "pipe"
output = {{ log = false }}
ready = {{ output = "^{LINES}$" }}
"""


class PythonModuleTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        self.addCleanup(self.folder.cleanup)
        self.root = pathlib.Path(self.folder.name)
        (self.root / "sessions").mkdir()
        (self.root / "sessions/zoo.toml").write_text(SESSION)
        self.endpoint = f"ipc://{self.root}/control.sock"
        self.daemon = None
        self.start_daemon()
        self.client = masterd.Client(self.endpoint, timeout=LIMIT)
        self.addCleanup(self.client.close)

    def start_daemon(self):
        with open(self.root / "log", "ab") as log:
            self.daemon = subprocess.Popen([MASTERD, "--endpoint", self.endpoint, "--config-dir", str(self.root / "sessions")],
                                           stderr=log)
        self.addCleanup(self.end_daemon, self.daemon)
        # ZeroMQ connects whenever the daemon comes up; this client's patience is a second.
        while True:
            try:
                with masterd.Client(self.endpoint, timeout=LIMIT) as client:
                    client.ping()
                return
            except masterd.NoDaemon:
                self.assertIsNone(self.daemon.poll(), "the daemon has ended")

    @staticmethod
    def end_daemon(daemon):
        if daemon.poll() is None:
            daemon.terminate()
        daemon.wait(LIMIT)

    def test_a_session_is_driven_by_methods_of_the_client(self):
        self.assertEqual(self.client.ping()["pid"], self.daemon.pid)
        self.assertEqual([each["name"] for each in self.client.list_configs()["configs"]], ["zoo"])
        self.assertEqual(self.client.set_config("zoo", wait="ready", timeout_s=LIMIT)["session"], "zoo")
        self.assertEqual(self.client.status("ui")["coprocesses"][0]["state"], "running")
        self.assertEqual(self.client.stop("ui", wait=True)["coprocesses"], [{"name": "ui", "state": "stopped"}])
        self.client.start(["u*"], wait=True, timeout_s=LIMIT)
        self.assertEqual(self.client.wait(name="ui", state="running")["state"], "running")
        self.client.end_session(wait=True)
        self.assertIsNone(self.client.status()["session"])

    def test_a_path_is_sent_absolute(self):
        here = os.getcwd()
        self.addCleanup(os.chdir, here)
        os.chdir(self.root)
        self.assertEqual(self.client.set_config("sessions/zoo.toml")["session"], "zoo")

    def test_a_refusal_is_an_exception_with_the_stable_word(self):
        with self.assertRaises(masterd.Refused) as refused:
            self.client.stop(["ui"])
        self.assertEqual(refused.exception.reason, "no_session")
        with self.assertRaisesRegex(masterd.Refused, "did you mean 'status'"):
            self.client.statsu()

    def test_nobody_there_is_known_at_once(self):
        nobody = f"ipc://{self.root}/nobody.sock"
        with masterd.Client(nobody) as client, self.assertRaisesRegex(masterd.NoDaemon, nobody):
            client.ping()

    def test_what_is_no_endpoint_is_said_so(self):
        with masterd.Client("nonsense") as client, self.assertRaisesRegex(ValueError, "nonsense"):
            client.ping()

    def test_a_late_answer_is_not_taken_for_the_next_one(self):
        self.client.set_config("zoo", wait="ready", timeout_s=LIMIT)
        with self.assertRaises(masterd.TimedOut):
            self.client.call("wait", {"name": "ui", "state": "stopped", "timeout_s": 0.2}, timeout=0.05)
        self.client.call("wait", {"name": "ui", "state": "running"})
        self.assertEqual(self.client.ping()["pid"], self.daemon.pid)

    def test_a_suspended_daemon_times_out(self):
        self.client.ping()
        self.daemon.send_signal(signal.SIGSTOP)
        self.addCleanup(self.daemon.send_signal, signal.SIGCONT)
        with self.assertRaises(masterd.TimedOut):
            self.client.call("ping", timeout=0.05)
        self.daemon.send_signal(signal.SIGCONT)
        self.assertEqual(self.client.ping()["pid"], self.daemon.pid)

    def test_a_new_daemon_is_found_by_the_same_client(self):
        self.client.ping()
        self.end_daemon(self.daemon)
        with self.assertRaises(masterd.NoDaemon):
            self.client.ping()
        self.start_daemon()
        self.assertEqual(self.client.ping()["pid"], self.daemon.pid)

    def test_events_go_on_where_the_status_ends(self):
        self.client.set_config("zoo", wait="ready", timeout_s=LIMIT)
        with self.client.events("coprocess.ui.") as events:
            self.assertEqual(events.status["coprocesses"][0]["state"], "running")
            self.client.stop("ui", wait=True)
            told = []
            for event in events:
                told.append((event["from"], event["to"], event["missed"]))
                if event["to"] == "stopped":
                    break
            self.assertEqual(told, [("running", "stopping", 0), ("stopping", "stopped", 0)])
            self.assertIsNone(events.next(timeout=0.01))

    def test_joining_misses_nothing_and_repeats_nothing_while_all_changes(self):
        self.client.set_config("zoo", wait="ready", timeout_s=LIMIT)
        stop = threading.Event()

        def churn():
            with masterd.Client(self.endpoint, timeout=LIMIT) as other:
                while not stop.is_set():
                    other.restart("ui", now=True, wait=True, timeout_s=LIMIT)

        thread = threading.Thread(target=churn)
        thread.start()
        try:
            for _ in range(20):
                with self.client.events("coprocess.ui.") as events:
                    state = next(each["state"] for each in events.status["coprocesses"] if each["name"] == "ui")
                    for _ in range(3):
                        event = events.next(LIMIT)
                        self.assertEqual((event["from"], event["missed"]), (state, 0))
                        state = event["to"]
        finally:
            stop.set()
            thread.join()

    def test_what_a_slow_reader_misses_is_counted(self):
        with self.client.events("log.flood.") as events:
            self.client.set_config(text=FLOOD, wait="ready", timeout_s=LIMIT)
            # The queues took the first ones, and the gap shows with the next one that finds room.
            told, missed = 0, 0
            while not missed:
                event = events.next(0.2)
                if event is None:
                    self.client.write_stdin(name="flood", data="\n")
                    continue
                told += 1
                missed = event["missed"]
                self.assertEqual(event["topic_seq"], told + missed)
            self.assertEqual(event["text"], "more")

    def test_events_end_with_the_daemon(self):
        with self.client.events() as events:
            self.end_daemon(self.daemon)
            with self.assertRaisesRegex(masterd.NoDaemon, "went away"):
                for _ in events:
                    pass

    def test_watch_shows_what_there_is_and_what_changes(self):
        self.client.set_config("zoo", wait="ready", timeout_s=LIMIT)
        watch = subprocess.Popen(["/usr/bin/python3", "-u", f"{MODULE}/watch.py", self.endpoint], stdout=subprocess.PIPE,
                                 text=True)
        self.addCleanup(watch.stdout.close)
        self.assertEqual([watch.stdout.readline() for _ in range(3)],
                         ["session zoo: running\n", "ui: running\n", "load: exited\n"])
        self.client.stop("ui")
        self.assertIn("ui: stopping", watch.stdout.readline())
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(LIMIT), 0)

    def test_watch_says_when_nobody_is_there(self):
        run = subprocess.run(["/usr/bin/python3", f"{MODULE}/watch.py", f"ipc://{self.root}/nobody.sock"], capture_output=True,
                             text=True, timeout=LIMIT)
        self.assertEqual(run.returncode, 1)
        self.assertIn("no daemon at", run.stderr)

    def test_the_default_endpoint_is_that_of_masterctl(self):
        environment = os.environ.copy()
        self.addCleanup(os.environ.update, environment)
        os.environ["MASTERD_ENDPOINT"] = "ipc:///somewhere"
        self.assertEqual(masterd.default_endpoint(), "ipc:///somewhere")
        del os.environ["MASTERD_ENDPOINT"]
        self.assertRegex(masterd.default_endpoint(), r"^ipc:///.*masterd.*/control.sock$")


unittest.main(argv=sys.argv[:1], verbosity=2)
