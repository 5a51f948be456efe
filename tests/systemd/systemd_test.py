"""masterd under a real systemd: each test boots one.

    systemd_test.py MASTERD MASTERCTL [TEST...]   exit status 77: skipped (not with MASTERD_REQUIRE_SYSTEMD=1)
"""

import concurrent.futures
import os
import shutil
import sys
import unittest

import machine

PROGRAMS = sys.argv[1:3]
SLEEPER = 'command = ["/bin/sleep", "{}"]\n'
DEAF = """command = ["/bin/sh", "-c", "trap '' TERM; echo deaf; while :; do sleep 987654; done"]
ready = { output = "deaf" }
"""


def coprocess(name: str, text: str, more: str = "") -> str:
    return f"[coprocess.{name}]\n{text}{more}\n"


def sleeper(name: str, seconds: int, more: str = "") -> str:
    return coprocess(name, SLEEPER.format(seconds), more)


class SystemdTest(unittest.TestCase):
    def setUp(self):
        self.machine = machine.Machine(*PROGRAMS)
        self.addCleanup(self.machine.down)
        why_not = self.machine.up()
        if why_not:
            self.skipTest(why_not)

    def start_with(self, session: str) -> None:
        self.machine.session("mill", session)
        self.machine.begin_with("mill")
        self.machine.sh("systemctl", "start", "masterd")
        self.until_ready()

    def until_ready(self) -> None:
        self.machine.until(
            "all are ready", lambda: self.machine.show("StatusText").startswith("running mill")
        )

    def restarts(self) -> int:
        return int(self.machine.show("NRestarts"))


class Units(SystemdTest):
    def test_verify_is_silent(self):
        for unit in ("masterd.service", "masterd@x.service", "masterd.socket"):
            done = self.machine.attempt("systemd-analyze", "verify", "--man=no", unit)
            self.assertEqual((done.stdout + done.stderr, done.returncode), ("", 0), unit)
        done = self.machine.attempt(
            "systemd-analyze", "--user", "verify", "--man=no", "/usr/lib/systemd/user/masterd.service",
            env={"XDG_RUNTIME_DIR": "/run"},
        )  # fmt: skip
        self.assertEqual((done.stdout + done.stderr, done.returncode), ("", 0))

    def test_exposure_is_4_at_most_and_drop_ins_are_silent(self):
        for unit in ("masterd.service", "masterd@x.service"):
            self.machine.sh("systemd-analyze", "security", "--threshold=40", unit)
        for name in ("hardened", "realtime", "root"):
            self.machine.shipped_drop_in(name)
            done = self.machine.attempt("systemd-analyze", "verify", "--man=no", "masterd.service")
            self.assertEqual((done.stdout + done.stderr, done.returncode), ("", 0), name)

    def test_the_instances_differ_from_the_service_in_their_names_alone(self):
        def lines(path):
            text = self.machine.read(path).replace("/%i", "").replace("-%i", "").replace(": %i", "")
            return [line for line in text.splitlines() if line and not line.startswith("#")]

        self.assertEqual(
            lines("/lib/systemd/system/masterd@.service"), lines("/lib/systemd/system/masterd.service")
        )


class Life(SystemdTest):
    def test_it_is_ready_when_it_answers_and_tells_what_it_does(self):
        self.machine.sh("systemctl", "start", "masterd")
        pid = int(self.machine.show("MainPID"))
        self.assertEqual(self.machine.ctl("ping")["pid"], pid)
        self.assertEqual(self.machine.show("StatusText"), "waiting for a configuration")
        self.machine.session("mill", sleeper("a", 9001) + sleeper("b", 9002, 'requires = ["a"]\n'))
        self.machine.ctl("set-config", "mill", "--wait")
        self.machine.until_shown("StatusText", "running mill: 2 of 2 ready")
        self.machine.ctl("stop", "b", "--wait")
        self.machine.until_shown("StatusText", "running mill: 1 of 2 ready, b: stopped")
        self.machine.ctl("end-session", "--wait")
        self.machine.until_shown("StatusText", "waiting for a configuration")

    def test_it_runs_as_its_user_and_each_coprocess_in_its_own_cgroup_of_the_unit(self):
        self.start_with(sleeper("a", 9001) + sleeper("b", 9002))
        uid = self.machine.sh("id", "--user", "masterd")
        unit = self.machine.show("ControlGroup")
        self.assertEqual(unit, "/system.slice/masterd.service")
        groups = set()
        for name in ("a", "b"):
            pid = self.machine.coprocess(name)["pid"]
            self.assertIn(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n", self.machine.file_of(pid, "status"))
            group = self.machine.file_of(pid, "cgroup").split("0::")[1].splitlines()[0]
            self.assertRegex(group, rf"^{unit}/masterd-\d+/{name}\.\d+$")
            groups.add(group)
        self.assertEqual(len(groups), 2)
        self.assertEqual(self.machine.journal("MESSAGE=no cgroups, a mark instead"), [])

    def test_what_systemd_tells_masterd_does_not_reach_a_coprocess(self):
        self.start_with(sleeper("a", 9001))
        pid = self.machine.coprocess("a")["pid"]
        theirs = self.machine.file_of(pid, "environ").split("\0")
        own = self.machine.file_of(self.machine.show("MainPID"), "environ").split("\0")
        for name in ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"):
            self.assertTrue(any(line.startswith(name + "=") for line in own), name)
            self.assertFalse(any(line.startswith(name + "=") for line in theirs), name)
        self.assertIn("MASTERD_ENDPOINT=ipc:///run/masterd/control.sock", theirs)

    def test_reload_changes_only_what_changed_and_a_bad_file_nothing(self):
        self.start_with(sleeper("a", 9001))
        before = self.machine.coprocess("a")["pid"]
        self.machine.session("mill", sleeper("a", 9001) + sleeper("b", 9002))
        self.machine.sh("systemctl", "reload", "masterd")
        self.machine.until_shown("StatusText", "running mill: 2 of 2 ready")
        self.assertEqual(self.machine.coprocess("a")["pid"], before)
        self.machine.session("mill", 'coprocess = "none"\n')
        self.machine.sh("systemctl", "reload", "masterd")
        self.machine.until(
            "the mistake is logged", lambda: self.machine.journal("PRIORITY=3", "_SYSTEMD_UNIT=masterd.service")
        )
        self.machine.until_shown("ActiveState", "active")
        self.assertEqual(self.machine.coprocess("a")["pid"], before)
        self.assertEqual(self.machine.coprocess("b")["state"], "running")
        self.assertEqual(self.restarts(), 0)

    def test_a_stop_that_takes_longer_than_the_units_timeout_is_waited_for(self):
        self.machine.drop_in("[Service]\nTimeoutStopSec=1s\n")
        stop = 'stop = { ladder = [{ signal = "SIGTERM", grace = "3s" }, { signal = "SIGKILL" }] }\n'
        self.start_with(coprocess("deaf", DEAF, stop) + sleeper("b", 9002, 'requires = ["deaf"]\n'))
        self.machine.sh("systemctl", "stop", "--no-block", "masterd")
        self.machine.until_shown("StatusText", "stopping mill: waiting for deaf")
        self.machine.until_shown("ActiveState", "inactive")
        self.assertEqual(self.machine.show("Result"), "success")
        self.assertEqual(self.machine.pids_of("sleep 987654"), [])
        self.assertTrue(self.machine.journal("COPROCESS=deaf", "TRANSITION=stopping->stopped"))
        ended = self.machine.journal("SYSLOG_IDENTIFIER=masterd", "MESSAGE=ended")
        self.assertTrue(ended, self.machine.report())

    def test_a_file_that_is_wrong_is_no_reason_to_start_again(self):
        self.machine.write("/etc/masterd/masterd.toml", "endpoint = []\n")
        self.assertNotEqual(self.machine.attempt("systemctl", "start", "masterd").returncode, 0)
        self.assertEqual(self.machine.show("ExecMainStatus"), "78")
        self.assertEqual(self.machine.show("ActiveState"), "failed")
        self.assertEqual(self.restarts(), 0)
        said = [line["MESSAGE"] for line in self.machine.journal("_SYSTEMD_UNIT=masterd.service")]
        self.assertTrue(any("/etc/masterd/masterd.toml:1" in line for line in said), said)


class Death(SystemdTest):
    def ends_and_comes_back(self, end) -> None:
        """Once, and each coprocess with it."""
        old = {name: self.machine.coprocess(name)["pid"] for name in ("a", "deaf")}
        daemon = self.machine.show("MainPID")
        end(daemon)
        self.machine.until("it was begun anew", lambda: self.restarts() == 1)
        self.machine.until_shown("ActiveState", "active")
        self.until_ready()
        self.assertNotEqual(self.machine.show("MainPID"), daemon)
        for name, pid in old.items():
            self.assertNotEqual(self.machine.coprocess(name)["pid"], pid)
        self.assertEqual(self.machine.pids_of("/bin/sleep 9001"), [self.machine.coprocess("a")["pid"]])
        self.assertEqual(len(self.machine.pids_of("sleep 987654")), 1)

    def test_a_loop_that_stands_still_is_aborted_and_begun_anew(self):
        self.machine.drop_in("[Service]\nWatchdogSec=5s\n")
        self.start_with(sleeper("a", 9001) + coprocess("deaf", DEAF))
        self.ends_and_comes_back(lambda pid: self.machine.sh("kill", "-STOP", pid))
        said = [line["MESSAGE"] for line in self.machine.journal("UNIT=masterd.service")]
        self.assertTrue(any("Watchdog timeout" in line for line in said), said)

    def test_one_that_is_killed_comes_back_and_nothing_is_left_or_doubled(self):
        self.start_with(sleeper("a", 9001) + coprocess("deaf", DEAF))
        self.ends_and_comes_back(lambda pid: self.machine.sh("kill", "-KILL", pid))

    def test_as_root_its_fail_safe_has_the_time_that_it_needs(self):
        self.machine.shipped_drop_in("root")
        halt = "sleep 1; echo halted >/run/halted"
        self.machine.session(
            "mill",
            f'fail_safe = ["/bin/sh", "-c", "{halt}"]\n' + sleeper("a", 9001) + coprocess("deaf", DEAF),
        )
        self.machine.begin_with("mill")
        self.machine.sh("systemctl", "start", "masterd")
        self.until_ready()
        self.ends_and_comes_back(lambda pid: self.machine.sh("kill", "-KILL", pid))
        self.assertEqual(self.machine.read("/run/halted"), "halted\n")


class Sockets(SystemdTest):
    def test_the_first_request_starts_it_and_none_is_lost(self):
        self.machine.sh("systemctl", "start", "masterd.socket")
        self.assertEqual(self.machine.show("ActiveState"), "inactive")
        with concurrent.futures.ThreadPoolExecutor(8) as clients:
            answers = list(clients.map(lambda _: self.machine.ctl("ping"), range(8)))
        pid = int(self.machine.show("MainPID"))
        self.assertEqual({answer["pid"] for answer in answers}, {pid})
        own = self.machine.sh("id", "--user", "masterd")
        self.assertIn(f"Uid:\t{own}\t", self.machine.file_of(pid, "status"))

    def test_a_coprocess_learns_nothing_of_the_socket(self):
        self.machine.session("mill", sleeper("a", 9001))
        self.machine.sh("systemctl", "start", "masterd.socket")
        self.machine.ctl("set-config", "mill", "--wait")
        pid = self.machine.coprocess("a")["pid"]
        self.assertNotIn("LISTEN_", self.machine.file_of(pid, "environ"))
        self.assertEqual(self.machine.sh("ls", f"/proc/{pid}/fd").split(), ["0", "1", "2"])

    def test_it_outlives_the_service_and_starts_it_again(self):
        self.machine.sh("systemctl", "start", "masterd.socket")
        first = self.machine.ctl("ping")["pid"]
        self.machine.ctl("shutdown")
        self.machine.until_shown("ActiveState", "inactive")
        second = self.machine.ctl("ping")["pid"]
        self.assertNotEqual(first, second)
        self.machine.sh("kill", "-KILL", str(second))
        self.assertNotEqual(self.machine.ctl("ping")["pid"], second)

    def test_a_second_daemon_is_refused_as_ever(self):
        self.machine.sh("systemctl", "start", "masterd.socket")
        pid = self.machine.ctl("ping")["pid"]
        done = self.machine.attempt(
            "setpriv", "--reuid=masterd", "--regid=masterd", "--clear-groups",
            "masterd", "--endpoint", "ipc:///run/masterd/control.sock",
        )  # fmt: skip
        self.assertEqual(done.returncode, 71)
        self.assertIn(f"another masterd (pid {pid}) serves", done.stderr)
        self.assertEqual(self.machine.ctl("ping")["pid"], pid)

    def test_without_the_socket_unit_the_service_binds_by_itself(self):
        self.machine.sh("systemctl", "start", "masterd")
        self.assertEqual(
            self.machine.sh("stat", "--format=%U:%G %a", "/run/masterd/control.sock"), "masterd:masterd 660"
        )
        self.assertEqual(self.machine.sh("stat", "--format=%U:%G %a", "/run/masterd"), "masterd:masterd 750")

    def test_who_is_of_the_group_may_ask_and_nobody_else(self):
        self.machine.sh("useradd", "--groups", "masterd", "friend")
        self.machine.sh("useradd", "stranger")
        self.machine.sh("systemctl", "start", "masterd.socket")
        ask = ("masterctl", "--endpoint", "ipc:///run/masterd/control.sock", "--timeout", "5", "ping")
        self.machine.sh("setpriv", "--reuid=friend", "--regid=friend", "--init-groups", *ask)
        done = self.machine.attempt("setpriv", "--reuid=stranger", "--regid=stranger", "--init-groups", *ask)
        self.assertEqual(done.returncode, 3)


class Journal(SystemdTest):
    def test_lines_and_transitions_have_their_fields(self):
        talker = 'command = ["/bin/sh", "-c", "echo hello; echo oops >&2; exec sleep 9003"]\n'
        self.start_with(coprocess("talker", talker))
        pid = self.machine.show("MainPID")
        self.machine.until("both lines", lambda: len(self.machine.journal("--identifier=talker")) == 2)
        for line in self.machine.journal("--identifier=talker"):
            self.assertEqual(line["COPROCESS"], "talker")
            self.assertEqual(line["SESSION"], "mill")
            self.assertEqual(line["STREAM"], {"hello": "stdout", "oops": "stderr"}[line["MESSAGE"]])
            self.assertEqual(line["_SYSTEMD_UNIT"], "masterd.service")
            self.assertEqual(line["_PID"], pid)
        (change,) = self.machine.journal("COPROCESS=talker", "TRANSITION=starting->running")
        self.assertEqual(change["SYSLOG_IDENTIFIER"], "masterd")
        self.assertEqual(change["SESSION"], "mill")
        self.assertIn("CAUSE", change)
        self.assertTrue(self.machine.journal("SESSION=mill", "TRANSITION=starting->running"))


class Variants(SystemdTest):
    def test_an_instance_has_endpoints_files_and_cgroup_of_its_own(self):
        self.machine.sh("systemctl", "start", "masterd", "masterd@one", "masterd@two")
        self.machine.write("/etc/masterd/one/sessions/mill.toml", sleeper("a", 9001))
        one = {"MASTERD_ENDPOINT": "ipc:///run/masterd/one/control.sock"}
        two = {"MASTERD_ENDPOINT": "ipc:///run/masterd/two/control.sock"}
        self.machine.ctl("set-config", "mill", "--wait", env=one)
        self.assertEqual(self.machine.ctl("status", env=two)["coprocesses"], [])
        self.assertEqual(self.machine.ctl("status")["coprocesses"], [])
        pid = self.machine.ctl("status", env=one)["coprocesses"][0]["pid"]
        self.assertIn(
            self.machine.show("ControlGroup", "masterd@one.service") + "/masterd-",
            self.machine.file_of(pid, "cgroup"),
        )
        self.machine.sh("systemctl", "stop", "masterd@two")
        self.assertEqual(self.machine.ctl("status", env=one)["coprocesses"][0]["state"], "running")

    def test_a_session_comes_up_under_the_hardened_drop_in(self):
        self.machine.shipped_drop_in("hardened")
        probe = 'ready = { exec = ["/bin/true"] }\n'
        self.start_with(sleeper("a", 9001, probe) + coprocess("deaf", DEAF))
        group = self.machine.file_of(self.machine.coprocess("a")["pid"], "cgroup")
        self.assertIn("/system.slice/masterd.service/masterd-", group)
        self.machine.sh("systemctl", "stop", "masterd")
        self.assertEqual(self.machine.show("Result"), "success")

    def test_as_root_a_session_runs_as_another_user_and_the_group_may_still_ask(self):
        self.machine.shipped_drop_in("root")
        self.machine.sh("useradd", "--groups", "masterd", "machinist")
        self.start_with(sleeper("a", 9001, 'user = "machinist"\n'))
        uid = self.machine.sh("id", "--user", "machinist")
        status = self.machine.file_of(self.machine.coprocess("a")["pid"], "status")
        self.assertIn(f"Uid:\t{uid}\t{uid}\t{uid}\t{uid}\n", status)
        for endpoint in ("/run/masterd/control.sock", "/run/masterd"):
            self.assertEqual(self.machine.sh("stat", "--format=%U:%G", endpoint), "root:masterd")
        as_machinist = ("setpriv", "--reuid=machinist", "--regid=machinist", "--init-groups")
        self.machine.sh(*as_machinist, "masterctl", "--endpoint", "ipc:///run/masterd/control.sock", "ping")

    def test_the_users_unit_runs_in_a_users_own_manager(self):
        self.machine.sh("useradd", "--create-home", "friend")
        uid = self.machine.sh("id", "--user", "friend")
        runtime = f"/run/user/{uid}"
        # What logind does for one who logs in.
        self.machine.sh("install", "-d", "-m", "700", "-o", "friend", "-g", "friend", runtime)
        self.machine.write(
            "/etc/systemd/system/manager.service",
            "[Service]\nUser=friend\nDelegate=yes\nType=notify\nExecStart=/lib/systemd/systemd --user\n"
            f"Environment=XDG_RUNTIME_DIR={runtime}\n",
        )
        self.machine.sh("systemctl", "daemon-reload")
        self.machine.sh("systemctl", "start", "manager")
        env = {"XDG_RUNTIME_DIR": runtime, "HOME": "/home/friend"}
        as_friend = ("setpriv", "--reuid=friend", "--regid=friend", "--init-groups")
        self.machine.sh(*as_friend, "systemctl", "--user", "start", "masterd", env=env)
        config = "/home/friend/.config/masterd/sessions/mill.toml"
        self.machine.write(config, sleeper("a", 9001))
        self.machine.sh(*as_friend, "masterctl", "set-config", "--wait", "mill", env=env)
        (pid,) = self.machine.pids_of("/bin/sleep 9001")
        self.assertIn("/masterd.service/masterd-", self.machine.file_of(pid, "cgroup"))
        show = ("systemctl", "--user", "show", "masterd", "--property", "StatusText", "--value")
        self.machine.until(
            "the status",
            lambda: self.machine.sh(*as_friend, *show, env=env).endswith(": 1 of 1 ready"),
        )
        self.machine.sh(*as_friend, "systemctl", "--user", "stop", "masterd", env=env)
        self.assertEqual(self.machine.pids_of("/bin/sleep 9001"), [])


def why_not() -> str:
    if os.geteuid() != 0:
        return "only root can boot a container"
    for program in ("systemd-nspawn", "nsenter", "strip"):
        if shutil.which(program) is None:
            return f"there is no {program}"
    return ""


def main() -> int:
    required = os.environ.get("MASTERD_REQUIRE_SYSTEMD", "") not in ("", "0")
    reason = why_not()
    if not reason:
        names = sys.argv[3:] or None
        program = unittest.main(argv=sys.argv[:1] + (names or []), exit=False, verbosity=2)
        if not program.result.wasSuccessful():
            return 1
        skipped = program.result.skipped
        if not skipped:
            return 0
        reason = skipped[0][1]
    print(f"skipped: {reason}")
    return 1 if required else 77


if __name__ == "__main__":
    sys.exit(main())
