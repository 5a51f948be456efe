"""A client of masterd in one file, on pyzmq.

    import masterd

    with masterd.Client() as client:                    # $MASTERD_ENDPOINT, else the usual place
        client.set_config("mill", wait="ready", timeout_s=30)
        client.stop(["ui*"], wait=True)
        print(client.status()["session"]["state"])

        with client.events("coprocess.") as events:     # joined: nothing is missing, nothing comes twice
            print(events.status["coprocesses"])         # how it was then
            for event in events:                        # what has changed since
                print(event["name"], event["from"], "->", event["to"])

Every method of the wire is one of the client (`client.list_configs()`), takes its parameters by name and returns the
result as plain dicts and lists: docs/protocol.md is the reference, and `client.call("rpc.discover")` describes itself.
Calls block until the answer is there or the time is over. What goes wrong is an exception: Refused (with `.reason`, a
stable word), TimedOut, NoDaemon; all are Error.

A client and its event streams belong to one thread at a time. A fork must not go on using them.
"""

import functools
import itertools
import json
import os
import time

import zmq
from zmq.utils.monitor import recv_monitor_message

__all__ = ["Client", "Events", "Error", "NoDaemon", "TimedOut", "Refused", "default_endpoint"]

_REACH_S = 1.0  # a daemon that is there is reached within that
_MARGIN_S = 2.0  # for the daemon's own "timeout" to arrive
_WAIT_S = 60.0  # how long the daemon lets a request wait unless it is told


class Error(Exception):
    """Whatever goes wrong between us and the daemon."""


class NoDaemon(Error):
    """Nobody listens at the endpoint, or the daemon went away before it answered."""


class TimedOut(Error):
    """No answer in time. What was asked for may still be done."""


class Refused(Error):
    """The daemon's answer is an error. `reason` is a stable word ("unknown_coprocess", "busy", ...); `data` has more."""

    def __init__(self, error):
        super().__init__(error.get("message", "refused"))
        self.code = error.get("code", 0)
        self.data = error.get("data") or {}
        self.reason = self.data.get("reason", "")


def default_endpoint():
    """The control endpoint of this user's daemon, as masterctl finds it."""
    given = os.environ.get("MASTERD_ENDPOINT")
    if given:
        return given
    if os.geteuid() == 0:
        return "ipc:///run/masterd/control.sock"
    runtime = os.environ.get("XDG_RUNTIME_DIR", "")
    return f"ipc://{runtime}/masterd/control.sock" if runtime.startswith("/") else f"ipc:///tmp/masterd-{os.geteuid()}/control.sock"


class _Connection:
    """One socket, and what its monitor tells: in ZeroMQ connecting and sending to nothing succeed."""

    def __init__(self, context, kind, endpoint):
        self.endpoint = endpoint
        self.ready = False  # the other side speaks ZeroMQ
        self.lost = False  # it did, and is gone
        self.connected = False
        self.socket = context.socket(kind)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.setsockopt(zmq.RECONNECT_IVL, 50)
        self.monitor = self.socket.get_monitor_socket(
            zmq.EVENT_CONNECTED | zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_DISCONNECTED
            | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_AUTH)
        self.poller = zmq.Poller()
        self.poller.register(self.socket, zmq.POLLIN)
        self.poller.register(self.monitor, zmq.POLLIN)
        try:
            self.socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise ValueError(f"{endpoint!r} is not an endpoint: {error}") from None

    def close(self):
        if not self.socket.closed:
            self.socket.disable_monitor()
            self.monitor.close(linger=0)
            self.socket.close(linger=0)

    def poll(self, deadline):
        """Whether a message is there; False also when the monitor told something. None when the time is over."""
        left = None if deadline is None else max(0, deadline - time.monotonic())
        found = dict(self.poller.poll(None if left is None else int(left * 1000) + 1))
        if self.monitor in found:
            while self.monitor.poll(0):
                self._learn(recv_monitor_message(self.monitor)["event"])
        if self.socket in found:
            return True
        return False if found or deadline is None or time.monotonic() < deadline else None

    def _learn(self, event):
        if event == zmq.EVENT_CONNECTED:
            self.connected = True
        elif event == zmq.EVENT_HANDSHAKE_SUCCEEDED:
            self.ready = True
        else:  # disconnected, or no ZeroMQ over there
            self.lost = self.lost or self.ready
            self.ready = self.connected = False

    def reach(self, deadline):
        """Waits until somebody is there."""
        soon = time.monotonic() + _REACH_S
        while not self.ready:
            # Who has accepted and says nothing (a stopped daemon) may take until the deadline.
            limit = deadline if self.connected else min(soon, deadline or soon)
            if self.poll(limit) is None:
                if self.connected:
                    raise TimedOut(f"the daemon at {self.endpoint} accepts connections but does not respond")
                raise NoDaemon(f"no daemon at {self.endpoint}")
        self.lost = False

    def receive(self, deadline):
        """The frames of the next message; None when the time is over. What arrived before a loss comes first."""
        while True:
            if self.socket.poll(0):
                return self.socket.recv_multipart()
            if self.lost:
                raise NoDaemon(f"the daemon at {self.endpoint} went away")
            if self.poll(deadline) is None:
                return None


class Client:
    """Asks one daemon. `timeout` is how many seconds an answer may take; a request that waits has its `timeout_s` more.

    Usable again after an error: it makes a new connection where the old one is of no use any more.
    """

    def __init__(self, endpoint=None, timeout=10.0):
        self.endpoint = endpoint or default_endpoint()
        self.timeout = timeout
        self._context = zmq.Context()
        self._ids = itertools.count(1)
        self._connection = None

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Closes its event streams as well."""
        self._disconnect()
        self._context.destroy(linger=0)

    def _disconnect(self):
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def call(self, method, params=None, timeout=None):
        """The result of any method. `params` is a dict; `timeout` in seconds, instead of the client's."""
        params = dict(params or {})
        deadline = time.monotonic() + (self._patience(method, params) if timeout is None else timeout)
        if self._connection is not None:
            self._connection.poll(time.monotonic())  # what the monitor has told meanwhile
            if self._connection.lost:
                self._disconnect()
        if self._connection is None:
            self._connection = _Connection(self._context, zmq.DEALER, self.endpoint)
        try:
            self._connection.reach(deadline)
            number = next(self._ids)
            request = {"jsonrpc": "2.0", "method": method, "params": params, "id": number}
            self._connection.socket.send_multipart([b"", json.dumps(request).encode()])
            while True:
                frames = self._connection.receive(deadline)
                if frames is None:
                    raise TimedOut(f"no answer to {method} from {self.endpoint}")
                answer = json.loads(frames[-1])
                # The late answer to a request that timed out is not ours.
                if answer.get("id") in (number, None):
                    break
        except NoDaemon:
            self._disconnect()
            raise
        except ValueError:
            self._disconnect()
            raise Error(f"what {self.endpoint} answers is not JSON") from None
        if "error" in answer:
            raise Refused(answer["error"])
        return answer["result"]

    def _patience(self, method, params):
        if method != "wait" and params.get("wait") in (None, False, "accepted"):
            return self.timeout
        return float(params.get("timeout_s", _WAIT_S)) + _MARGIN_S

    def __getattr__(self, method):
        """Every method of the wire: client.wait(name="ui", state="running", timeout_s=5)."""
        if method.startswith("_"):
            raise AttributeError(method)

        return functools.partial(self._ask, method)

    def _ask(self, method, /, **params):
        return self.call(method, {name: value for name, value in params.items() if value is not None})

    # The most used, with their main parameter by place.

    def status(self, name=None):
        """See docs/protocol.md: seq, daemon, session, coprocesses."""
        return self._ask("status", name=name)

    def set_config(self, config=None, **params):
        """`config`: a name of list_configs(), or a path. Or text=...; also dry_run, wait="ready", timeout_s."""
        if config is not None and "/" in config:
            config = os.path.abspath(config)
        return self._ask("set_config", config=config, **params)

    def start(self, names, **params):
        """`names`: a name, or a list of names and globs; also wait, timeout_s."""
        return self._verb("start", names, params)

    def stop(self, names, **params):
        """As start(); also now=True: SIGKILL at once."""
        return self._verb("stop", names, params)

    def restart(self, names, **params):
        """As stop()."""
        return self._verb("restart", names, params)

    def _verb(self, verb, names, params):
        return self.call(verb, {"names": [names] if isinstance(names, str) else list(names), **params})

    def events(self, *topics, timeout=None):
        """A joined stream of events, see Events. `topics` are prefixes as "session.", "coprocess.ui." or "log."; none: all."""
        timeout = self.timeout if timeout is None else timeout
        endpoints = self.call("ping", timeout=timeout)["events"]
        scheme = self.endpoint.partition("://")[0]
        same = [each for each in endpoints if each.startswith(scheme)]
        if not endpoints:
            raise Error(f"{self.endpoint} publishes no events")
        return Events(self, (same or endpoints)[0], topics or ("",), timeout)


class Events:
    """An iterator over events, each a dict: what its topic has (docs/protocol.md), and `missed`: how many of the topic were
    lost just before it, since this reader was too slow for them. `status` is what the daemon said when the stream began:
    the first event is the first change after that. Iterating ends never; NoDaemon is raised when the daemon goes away, since
    another one counts anew.
    """

    def __init__(self, client, endpoint, topics, timeout):
        self._topics = [topic.encode() for topic in topics]
        self._last = {}  # topic -> topic_seq
        self._early = []  # what came while we joined
        self._connection = _Connection(client._context, zmq.SUB, endpoint)
        try:
            deadline = time.monotonic() + timeout
            self._connection.reach(deadline)
            self._subscribe(deadline)
            # What this contains must not come again.
            self.status = client.status()
        except BaseException:
            self.close()
            raise
        self._seen = self.status["seq"]

    def _subscribe(self, deadline):
        """Subscriptions take a moment and keep their order: the first heartbeat, asked for last, proves the others."""
        for topic in [*self._topics, b"heartbeat."]:
            self._connection.socket.setsockopt(zmq.SUBSCRIBE, topic)
        while True:
            event = self._receive(deadline)
            if event is None:
                raise TimedOut(f"no heartbeat from {self._connection.endpoint}")
            self._early.append(event)
            if event["topic"] == "heartbeat.":
                break
        # They are counted: one that was asked for stays.
        self._connection.socket.setsockopt(zmq.UNSUBSCRIBE, b"heartbeat.")

    def _receive(self, deadline):
        frames = self._connection.receive(deadline)
        if frames is None:
            return None
        try:
            event = json.loads(frames[1])["params"]
            topic, number = event["topic"], event["topic_seq"]
        except (ValueError, KeyError, IndexError, TypeError):
            raise Error(f"what {self._connection.endpoint} publishes is not an event") from None
        event["missed"] = max(0, number - self._last[topic] - 1) if topic in self._last else 0
        self._last[topic] = number
        return event

    def next(self, timeout=None):
        """The next event; None when none comes within `timeout` seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while True:
            event = self._early.pop(0) if self._early else self._receive(deadline)
            if event is None:
                return None
            wanted = any(event["topic"].encode().startswith(topic) for topic in self._topics)
            if wanted and event["seq"] > self._seen:
                return event

    def __iter__(self):
        return self

    def __next__(self):
        return self.next()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self._connection.close()
