"""machine: a container in which a real systemd is process 1, with masterd installed as a package does it.

One for each test, in less than a second. Nothing of it is seen outside, and all of it goes with it.
"""

import json
import os
import pathlib
import subprocess
import time

HERE = pathlib.Path(__file__).resolve().parent
TREE = HERE.parent.parent
LIMIT = 60.0  # seconds for what must happen; only a failure waits so long

# As systemd/CMakeLists.txt installs them.
FILES = {
    "masterd.service": "/lib/systemd/system/masterd.service",
    "masterd@.service": "/lib/systemd/system/masterd@.service",
    "masterd.socket": "/lib/systemd/system/masterd.socket",
    "masterd-user.service": "/usr/lib/systemd/user/masterd.service",
    "sysusers.conf": "/usr/lib/sysusers.d/masterd.conf",
    "tmpfiles.conf": "/usr/lib/tmpfiles.d/masterd.conf",
    "hardened.conf": "/usr/share/masterd/systemd/hardened.conf",
    "realtime.conf": "/usr/share/masterd/systemd/realtime.conf",
    "root.conf": "/usr/share/masterd/systemd/root.conf",
}


class Machine:
    def __init__(self, masterd: str, masterctl: str):
        self._programs = {"/usr/bin/masterd": masterd, "/usr/bin/masterctl": masterctl}
        self._name = str(os.getpid())

    def up(self) -> str:
        """Empty, or why there can be no such machine here."""
        self._end_left_behind()
        done = self._container("up")
        if done.returncode != 0:
            self.down()
            return done.stderr.strip() or "the container does not boot"
        self._root = pathlib.Path(self._container("root").stdout.strip())
        self._install()
        return ""

    def down(self) -> None:
        self._container("down")

    @staticmethod
    def _end_left_behind() -> None:
        """Those of tests that were killed."""
        for folder in pathlib.Path("/run").glob("masterd-test.*"):
            name = folder.suffix[1:]
            if folder.is_dir() and name.isdigit() and not pathlib.Path("/proc", name).exists():
                subprocess.run([HERE / "container", name, "down"], check=False)

    def _container(self, *args: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [HERE / "container", self._name, *args],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=2 * LIMIT,
            check=False,
        )

    def _install(self) -> None:
        for path, built in self._programs.items():
            # Its debug information would only be copied around.
            subprocess.run(["strip", "-o", self.path(path), built], check=True)
        for name, path in FILES.items():
            self.write(path, (TREE / "systemd" / name).read_text(encoding="utf-8"))
        self.sh("systemd-sysusers", "masterd.conf")
        self.sh("systemd-tmpfiles", "--create", "masterd.conf")
        self.sh("systemctl", "daemon-reload")

    # ---- files ----
    def path(self, path: str) -> pathlib.Path:
        return self._root / path.lstrip("/")

    def write(self, path: str, text: str) -> None:
        target = self.path(path)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text, encoding="utf-8")

    def read(self, path: str) -> str:
        return self.path(path).read_text(encoding="utf-8")

    def session(self, name: str, text: str) -> None:
        self.write(f"/etc/masterd/sessions/{name}.toml", f'[session]\nname = "{name}"\n' + text)

    def drop_in(self, text: str, unit: str = "masterd.service", name: str = "test") -> None:
        self.write(f"/etc/systemd/system/{unit}.d/{name}.conf", text)
        self.sh("systemctl", "daemon-reload")

    def shipped_drop_in(self, name: str) -> None:
        self.drop_in(self.read(f"/usr/share/masterd/systemd/{name}.conf"), name=name)

    def begin_with(self, session: str) -> None:
        self.write("/etc/default/masterd", f'MASTERD_OPTIONS="--session {session}"\n')

    # ---- commands ----
    def attempt(self, *command: str, env: dict[str, str] | None = None) -> subprocess.CompletedProcess:
        variables = [f"{name}={value}" for name, value in (env or {}).items()]
        return self._container("sh", *(["env", *variables] if variables else []), *command)

    def sh(self, *command: str, env: dict[str, str] | None = None) -> str:
        """Its output; a failure is the test's."""
        done = self.attempt(*command, env=env)
        if done.returncode != 0:
            raise AssertionError(
                f"{' '.join(command)}: exit status {done.returncode}\n{done.stdout}{done.stderr}\n{self.report()}"
            )
        return done.stdout.strip()

    def ctl(self, *args: str, env: dict[str, str] | None = None):
        return json.loads(self.sh("masterctl", "--json", *args, env=env))

    def show(self, name: str, unit: str = "masterd.service") -> str:
        return self.sh("systemctl", "show", unit, "--property", name, "--value")

    def journal(self, *matches: str) -> list[dict]:
        # What was logged may still be on its way into the file.
        self.sh("journalctl", "--sync")
        lines = self.sh("journalctl", "--output=json", "--no-pager", *matches).splitlines()
        return [json.loads(line) for line in lines]

    def report(self) -> str:
        """For who must find out why."""
        shown = self.attempt("systemctl", "--no-pager", "--full", "status", "masterd*").stdout
        return shown + self.attempt("journalctl", "--no-pager", "--lines=80").stdout

    # ---- what happens ----
    def until(self, what: str, wanted) -> None:
        deadline = time.monotonic() + LIMIT
        while not wanted():
            if time.monotonic() > deadline:
                raise AssertionError(f"never: {what}\n{self.report()}")
            time.sleep(0.05)

    def until_shown(self, name: str, value: str, unit: str = "masterd.service") -> None:
        self.until(f"{name}={value}", lambda: self.show(name, unit) == value)

    def coprocess(self, name: str) -> dict:
        for coprocess in self.ctl("status")["coprocesses"]:
            if coprocess["name"] == name:
                return coprocess
        raise AssertionError(f"there is no {name}")

    def pids_of(self, command: str) -> list[int]:
        """Of the processes with exactly this command line."""
        found = self.attempt("pgrep", "--full", "--exact", command).stdout.split()
        return [int(pid) for pid in found]

    def file_of(self, pid: int | str, name: str) -> str:
        return self.sh("cat", f"/proc/{pid}/{name}")
