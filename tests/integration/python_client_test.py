"""Plain sockets of every kind, in Python, against a real daemon.

    python_client_test.py MASTERD
"""

import json
import subprocess
import sys
import tempfile
import unittest

import zmq

LIMIT_MS = 40_000  # generous: only a test that fails waits for it
MASTERD = sys.argv[1]
PING = json.dumps({"jsonrpc": "2.0", "method": "ping", "id": 7}).encode()


class PythonClientTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        self.addCleanup(self.folder.cleanup)
        self.endpoint = f"ipc://{self.folder.name}/control.sock"
        self.log = open(f"{self.folder.name}/log", "wb")
        self.addCleanup(self.log.close)
        self.daemon = subprocess.Popen([MASTERD, "--endpoint", self.endpoint], stderr=self.log)
        self.addCleanup(self.end)
        self.context = zmq.Context()
        self.addCleanup(self.context.destroy, linger=0)
        # ZeroMQ connects whenever the daemon comes up.
        self.assertEqual(self.ask(self.socket(zmq.REQ), PING)[0]["id"], 7)

    def end(self):
        if self.daemon.poll() is None:
            self.daemon.terminate()
        self.assertEqual(self.daemon.wait(LIMIT_MS / 1000), 0)

    def socket(self, kind):
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.connect(self.endpoint)
        return socket

    def ask(self, socket, *frames):
        """The answer's body, parsed, and the frames before it."""
        socket.send_multipart(frames)
        self.assertTrue(socket.poll(LIMIT_MS), "no answer")
        *envelope, body = socket.recv_multipart()
        return json.loads(body), envelope

    def test_c21_a_plain_req_is_answered(self):
        answer, envelope = self.ask(self.socket(zmq.REQ), PING)
        self.assertEqual(answer["result"]["pid"], self.daemon.pid)
        self.assertEqual(envelope, [])

    def test_c21_a_dealer_with_the_empty_delimiter_gets_it_back(self):
        answer, envelope = self.ask(self.socket(zmq.DEALER), b"", PING)
        self.assertEqual(answer["result"]["pid"], self.daemon.pid)
        self.assertEqual(envelope, [b""])

    def test_c21_a_dealer_without_the_delimiter_gets_none(self):
        answer, envelope = self.ask(self.socket(zmq.DEALER), PING)
        self.assertEqual(answer["result"]["pid"], self.daemon.pid)
        self.assertEqual(envelope, [])

    def test_c21_garbage_is_a_parse_error_for_all_of_them(self):
        for kind, before in ((zmq.REQ, []), (zmq.DEALER, [b""]), (zmq.DEALER, [])):
            for garbage in (b"garbage", b"", b"\xff\xfe", b"{"):
                answer, _ = self.ask(self.socket(kind), *before, garbage)
                self.assertEqual(answer["error"]["code"], -32700)
                self.assertIsNone(answer["id"])


unittest.main(argv=sys.argv[:1], verbosity=2)
