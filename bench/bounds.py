#!/usr/bin/env python3
"""The bounds that masterd promises, measured on real daemons and real processes.

  bench/bounds.py [BUILD_DIR]      prints a table; exit status 1 when a bound is missed

Each figure stands beside what the machine itself needs for the same, measured in the same run:
  shutdown    100 coprocesses that ignore SIGTERM, grace 2 s; beside it the grace
  fail-safe   kill -9 of a vital coprocess to main() of the fail-safe command; beside it the same
              command, spawned after a bare waitid() of a killed child
  guard       kill -9 of masterd to main() of the fail-safe command, median of 10; beside it as above
  crash loop  the daemon's share of one CPU while a coprocess dies at once, for ever, delay 0
"""
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "build", "dev")
MASTERD = os.path.join(BUILD, "daemon", "masterd")
MASTERCTL = os.path.join(BUILD, "ctl", "masterctl")
NOW = os.path.join(BUILD, "tests", "integration", "masterd_test_child")


class Daemon:
    """A masterd in a folder of its own."""

    def __init__(self, folder):
        self.folder = folder
        self.env = dict(os.environ, MASTERD_ENDPOINT=f"ipc://{folder}/c", MASTERD_EVENTS=f"ipc://{folder}/e")
        self.log = open(os.path.join(folder, "log"), "w")
        self.process = subprocess.Popen([MASTERD], env=self.env, stderr=self.log)
        while subprocess.run([MASTERCTL, "ping"], env=self.env, capture_output=True).returncode:
            if self.process.poll() is not None:
                sys.exit("the daemon did not start")

    def ctl(self, *args):
        done = subprocess.run([MASTERCTL, "--timeout", "60", *args], env=self.env, capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"masterctl {' '.join(args)}: {done.stdout}{done.stderr}")
        return done.stdout

    def set(self, text, *flags):
        path = os.path.join(self.folder, "stack.toml")
        with open(path, "w") as file:
            file.write(text)
        self.ctl("set-config", *flags, path)

    def pid(self, name):
        return int(self.ctl("--json", "status", name).rpartition('"pid":')[2].partition(",")[0])

    def end(self):
        self.ctl("shutdown")
        self.process.wait()


def deaf_shutdown(folder):
    daemon = Daemon(folder)
    one = "[coprocess.d{0}]\ncommand = ['/bin/sh', '-c', 'trap \"\" TERM; touch deaf{0}; exec sleep 1000']\n" \
          "ready = {{ file = 'deaf{0}' }}\nstop = {{ ladder = [{{ signal = 'TERM', grace = '2s' }}] }}\n"
    daemon.set("".join(one.format(i) for i in range(100)), "--wait")
    began = time.monotonic()
    daemon.end()
    return time.monotonic() - began


def stamp(path):
    with open(path) as file:
        return int(file.read())


def fail_safe(folder, rounds=20):
    daemon, ours, bare = Daemon(folder), [], []
    halted = os.path.join(folder, "halted")
    for _ in range(rounds):
        if os.path.exists(halted):
            os.remove(halted)
        daemon.set(f"[session]\nfail_safe = ['{NOW}', 'now', '{halted}']\n"
                   "[coprocess.task]\nvital = true\ncommand = ['/bin/sleep', '1000']\n", "--wait")
        pid = daemon.pid("task")
        killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        os.kill(pid, signal.SIGKILL)
        while '"session":null' not in daemon.ctl("--json", "status").replace(" ", ""):
            time.sleep(0.01)
        ours.append((stamp(halted) - killed) / 1e6)
        child = subprocess.Popen(["/bin/sleep", "1000"])
        killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        child.kill()
        os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
        os.posix_spawn(NOW, [NOW, "now", halted], os.environ)
        child.wait()
        os.wait()
        bare.append((stamp(halted) - killed) / 1e6)
    daemon.end()
    return statistics.median(ours), statistics.median(bare)


def guard(folder, rounds=10):
    took, halted = [], os.path.join(folder, "halted")
    for _ in range(rounds):
        daemon = Daemon(folder)
        daemon.set(f"[session]\nfail_safe = ['{NOW}', 'now', '{halted}']\n"
                   "[coprocess.task]\npdeathsig = 'KILL'\ncommand = ['/bin/sleep', '1000']\n", "--wait")
        killed = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
        daemon.process.kill()
        daemon.process.wait()
        while not (os.path.exists(halted) and os.path.getsize(halted)):
            time.sleep(0.01)
        took.append((stamp(halted) - killed) / 1e6)
        os.remove(halted)
    return statistics.median(took)


def cpu(pid):
    with open(f"/proc/{pid}/stat") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def crash_loop(folder, seconds=10):
    daemon = Daemon(folder)
    daemon.set("[coprocess.crash]\ncommand = ['/bin/false']\n"
               "restart = { policy = 'always', delay = '0s', limit = 0 }\n")
    before = cpu(daemon.process.pid)
    time.sleep(seconds)
    share = (cpu(daemon.process.pid) - before) / seconds
    daemon.end()
    with open(os.path.join(folder, "log")) as file:
        lines = sum(1 for _ in file)
    return share, lines


def main():
    with tempfile.TemporaryDirectory() as root:
        folders = [os.path.join(root, name) for name in "abcd"]
        for folder in folders:
            os.mkdir(folder)
        took = deaf_shutdown(folders[0])
        ours, bare = fail_safe(folders[1])
        guarded = guard(folders[2])
        share, lines = crash_loop(folders[3])
    bounds = [
        ("100 deaf ones, grace 2 s", f"{took:.2f} s", "< 2.3 s", f"{took / 2:.2f} x the grace", took < 2.3),
        ("death to fail-safe, median", f"{ours:.2f} ms", "< 10 ms", f"{ours / bare:.2f} x bare waitid and spawn", ours < 10),
        ("kill -9 of masterd to it", f"{guarded:.2f} ms", "< 10 ms", f"{guarded / bare:.2f} x bare waitid and spawn", guarded < 10),
        ("crash loop", f"{share * 100:.2f} % CPU", "< 1 %", f"{lines} lines of log in 10 s", share < 0.01),
    ]
    for what, value, bound, beside, kept in bounds:
        print(f"{what:28} {value:>12}  {bound:8}  {beside:34} {'ok' if kept else 'MISSED'}")
    return 0 if all(kept for *_, kept in bounds) else 1


if __name__ == "__main__":
    sys.exit(main())
