#!/usr/bin/env python3
"""A LinuxCNC machine brought up and taken down: by masterd, and by the reference sequence in shell.

  bench/linuxcnc.py [BUILD_DIR] [SESSIONS]    prints a table; exit status 1 when masterd is the slower

Both do the same with the same machine (examples/linuxcnc), one after the other in turn, in one run:
preflight, processes, readiness with the pid, orderly end, shared memory removed. The shell has no
daemon to talk to and watches nothing. As root, in namespaces of its own and with the machine as
nobody's; needs linuxcnc-uspace.
"""
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, "..", "build", "dev")
SESSIONS = int(sys.argv[2]) if len(sys.argv) > 2 else 20
MASTERD = os.path.join(BUILD, "daemon", "masterd")
MASTERCTL = os.path.join(BUILD, "ctl", "masterctl")
AS_NOBODY = ["setpriv", "--reuid", "nobody", "--regid", "nogroup", "--clear-groups"]


def by_shell(folder, env):
    done = subprocess.run([*AS_NOBODY, os.path.join(folder, "session.sh"), "loop", "1"], env=env, capture_output=True,
                          text=True)
    at = {what: int(ms) for ms, what in re.findall(r"^\[ *(\d+) ms\] (milltask: up|down)$", done.stdout, re.M)}
    if done.returncode or len(at) != 2:
        sys.exit("the reference sequence failed:\n" + done.stdout + done.stderr)
    return at["milltask: up"], at["down"] - at["milltask: up"]


class Masterd:
    def __init__(self, folder, env):
        self.env = dict(env, MASTERD_ENDPOINT=f"ipc://{folder}/c", MASTERD_EVENTS=f"ipc://{folder}/e")
        self.ini = os.path.join(folder, "mini.ini")
        self.log = open(os.path.join(folder, "log"), "w")
        self.process = subprocess.Popen([*AS_NOBODY, MASTERD], env=self.env, stderr=self.log)
        while subprocess.run([MASTERCTL, "ping"], env=self.env, capture_output=True).returncode:
            if self.process.poll() is not None:
                sys.exit("the daemon did not start")
            time.sleep(0.02)

    def timed(self, *args):
        began = time.monotonic()
        done = subprocess.run([MASTERCTL, *args], env=self.env, capture_output=True, text=True)
        if done.returncode:
            with open(self.log.name) as log:
                sys.exit(f"masterctl {' '.join(args)}: {done.stdout}{done.stderr}{log.read()}")
        return (time.monotonic() - began) * 1000

    def session(self):
        return self.timed("set-config", "--wait", self.ini), self.timed("end-session", "--wait")

    def end(self):
        self.timed("shutdown")
        self.process.wait()


def main():
    if os.geteuid() != 0:
        sys.exit("needs root, for namespaces")
    if "MASTERD_BENCH_INSIDE" not in os.environ:
        os.environ["MASTERD_BENCH_INSIDE"] = "1"
        os.execvp("unshare", ["unshare", "--ipc", "--net", "--pid", "--mount", "--fork", "--kill-child",
                              "--mount-proc", "--", "sh", "-c", '"$@"; exit', "reaper", sys.executable, *sys.argv])
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(os.path.join(HERE, "..", "examples", "linuxcnc"), folder, dirs_exist_ok=True)
        subprocess.run(["chown", "-R", "nobody:nogroup", folder], check=True)
        env = {"HOME": folder, "PATH": "/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8"}
        daemon, shell, ours = Masterd(folder, env), [], []
        for _ in range(SESSIONS):
            shell.append(by_shell(folder, env))
            ours.append(daemon.session())
        daemon.end()
    slower = False
    print(f"{SESSIONS} sessions each, median (least to most) in ms\n{'':12}{'masterd':>20}{'shell':>20}{'ratio':>8}")
    for i, what in enumerate(("bring-up", "teardown")):
        columns, medians = [], []
        for runs in (ours, shell):
            times = sorted(run[i] for run in runs)
            medians.append(statistics.median(times))
            columns.append(f"{medians[-1]:.0f} ({times[0]:.0f} to {times[-1]:.0f})")
        ratio = medians[0] / medians[1]
        slower |= ratio > 1
        print(f"{what:12}{columns[0]:>20}{columns[1]:>20}{ratio:>8.2f}")
    sys.exit(slower)


if __name__ == "__main__":
    main()
