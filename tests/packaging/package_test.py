"""The Debian packages: lintian has no error, and they are installed, enabled, used, upgraded, removed and purged on a machine
with a real systemd (tests/systemd/machine.py).

    package_test.py BUILD_DIR       exit status 77: skipped (not with MASTERD_REQUIRE_PACKAGE=1)
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(TREE / "tests/systemd"))

import machine  # noqa: E402 (it has to be found first)

BUILD = os.path.abspath(sys.argv[1])
LIMIT = 250  # s
TOOLS = ("cpack", "dpkg-deb", "dpkg-shlibdeps")
# An image may leave out all documentation.
INSTALL = ("dpkg", "--path-include=/usr/share/doc/*", "--path-include=/usr/share/man/*", "--force-confold", "--install")
SLEEPER = '[coprocess.sleeper]\ncommand = ["/bin/sleep", "4711"]\n'
# What dpkg, systemd and whoever has looked keep for themselves.
NOT_OURS = ("/var/lib/dpkg/", "/var/lib/systemd/", "/var/log/journal", "/var/log/dpkg.log", "/var/cache/", "/run/systemd/",
            "/run/log/", "/run/udev/", "/run/lock/", "/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/.pwd.lock",
            "/etc/ld.so.cache", "/usr/lib/python3/dist-packages/__pycache__", "/root/", "/run/credentials", "/var/lib/private")


def run(*command, **more):
    ran = subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, check=False, **more)
    if ran.returncode != 0:
        raise AssertionError(f"{' '.join(map(str, command))}:\n{ran.stdout}{ran.stderr}")
    return ran.stdout


class Debs:
    """Made once, of what is built."""

    def __init__(self):
        self.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        self.path = pathlib.Path(self.folder.name)
        self.told = run(str(TREE / "scripts/package"), BUILD, str(self.path / "debs"))

    def files(self):
        return sorted((self.path / "debs").glob("*.deb"))

    def of(self, package):
        return next(deb for deb in self.files() if deb.name.startswith(f"{package}_"))

    def next_version_of(self, package):
        unpacked = self.path / "next"
        run("dpkg-deb", "-R", str(self.of(package)), str(unpacked))
        control = unpacked / "DEBIAN/control"
        control.write_text(control.read_text().replace("\nVersion: ", "\nVersion: 9+"))
        made = self.path / f"{package}_next.deb"
        run("dpkg-deb", "-b", "--root-owner-group", str(unpacked), str(made))
        return made


class CleanMachine(machine.Machine):
    """One on which nothing of ours is installed."""

    def __init__(self, debs):
        super().__init__("", "")
        self._debs = debs

    def _install(self):
        # With it an image for containers keeps maintainer scripts from stopping a service.
        self.path("/usr/sbin/policy-rc.d").unlink(missing_ok=True)
        self.path("/root/debs").mkdir(parents=True)
        for deb in self._debs:
            shutil.copy(deb, self.path("/root/debs") / deb.name)

    def install(self, *debs):
        self.sh(*INSTALL, *(f"/root/debs/{deb.name}" for deb in debs))

    def paths(self):
        """All that there is."""
        found = self.sh("find", "/etc", "/usr", "/lib", "/var", "/run", "/root", "/opt", "/srv", "-xdev", "-print").splitlines()
        return {path for path in found if not path.startswith(NOT_OURS)}


class PackageTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.debs = Debs()
        cls.addClassCleanup(cls.debs.folder.cleanup)

    def test_lintian_has_no_error(self):
        if not shutil.which("lintian"):
            self.skipTest("lintian is not here")
        self.assertNotRegex(self.debs.told, r"(?m)^E:")

    def test_there_are_four_and_what_they_depend_on_is_found(self):
        names = [deb.name.partition("_")[0] for deb in self.debs.files()]
        self.assertEqual(names, ["libmasterd-dev", "libmasterd1", "masterd", "python3-masterd"])
        depends = run("dpkg-deb", "-f", str(self.debs.of("masterd")), "Depends")
        self.assertIn("libzmq5", depends)
        self.assertNotIn("libmasterd1", depends)
        self.assertIn("libmasterd1 (= ", run("dpkg-deb", "-f", str(self.debs.of("libmasterd-dev")), "Depends"))

    def test_the_programs_carry_no_debug_information_and_no_path_of_ours(self):
        with tempfile.TemporaryDirectory(prefix="masterd-test-") as folder:
            run("dpkg-deb", "-x", str(self.debs.of("masterd")), folder)
            for program in ("masterd", "masterctl"):
                headers = run("readelf", "--sections", "--dynamic", "--wide", f"{folder}/usr/bin/{program}")
                self.assertNotIn(".debug_info", headers)
                self.assertNotIn("RUNPATH", headers)

    # ---- on a machine ----

    def machine(self, *more):
        there = CleanMachine([*self.debs.files(), *more])
        self.addCleanup(there.down)
        why_not = there.up()
        if why_not:
            self.skipTest(why_not)
        return there

    def test_the_life_of_a_package(self):
        new = self.debs.next_version_of("masterd")
        there = self.machine(new)
        before = there.paths()

        # Installed: there, and quiet.
        there.install(*self.debs.files())
        self.assertEqual(there.sh("dpkg", "--verify", "masterd", "libmasterd1", "libmasterd-dev", "python3-masterd"), "")
        self.assertEqual(there.attempt("systemctl", "is-enabled", "masterd", "masterd.socket").stdout.split(), ["disabled"] * 2)
        self.assertEqual(there.attempt("systemctl", "is-active", "masterd").stdout.strip(), "inactive")
        self.assertIn("/var/lib/masterd", there.sh("getent", "passwd", "masterd"))
        for page in ("masterd.8", "masterctl.1", "masterd.toml.5", "masterd-session.5"):
            there.sh("test", "-s", f"/usr/share/man/man{page[-1]}/{page}.gz")

        # Enabled and used.
        there.sh("systemctl", "enable", "--now", "masterd")
        there.session("mill", SLEEPER)
        self.assertEqual([each["name"] for each in there.ctl("list")["configs"]], ["mill"])
        there.ctl("set-config", "--wait", "mill")
        endpoint = "ipc:///run/masterd/control.sock"
        told = there.sh("python3", "-c", f"import masterd; print(masterd.Client({endpoint!r}).status()['session']['name'])")
        self.assertEqual(told, "mill")
        there.write("/etc/default/masterd", "# the administrator's own\n")

        # Upgraded: neither masterd nor the machine that it runs notices.
        pids = there.show("MainPID"), there.pids_of("/bin/sleep 4711")
        there.install(new)
        self.assertEqual((there.show("MainPID"), there.pids_of("/bin/sleep 4711")), pids)
        self.assertEqual(there.sh("systemctl", "is-enabled", "masterd"), "enabled")
        self.assertEqual(there.show("NeedDaemonReload"), "no")
        self.assertEqual(there.read("/etc/default/masterd"), "# the administrator's own\n")
        there.sh("systemctl", "restart", "masterd")
        self.assertIsNone(there.ctl("status")["session"])
        there.ctl("set-config", "--wait", "mill")

        # Removed: all is down, what was configured stays.
        there.sh("dpkg", "--remove", "masterd")
        self.assertEqual(there.pids_of("/bin/sleep 4711"), [])
        self.assertEqual(there.attempt("systemctl", "is-active", "masterd").stdout.strip(), "inactive")
        self.assertEqual(there.read("/etc/default/masterd"), "# the administrator's own\n")

        # And here again, as it was.
        there.install(self.debs.of("masterd"))
        self.assertEqual(there.sh("systemctl", "is-enabled", "masterd"), "enabled")
        there.sh("systemctl", "start", "masterd")
        self.assertEqual(there.ctl("ping")["protocol"], 1)

        # Purged: the administrator's sessions are all that is left.
        there.sh("dpkg", "--purge", "masterd", "libmasterd-dev", "libmasterd1", "python3-masterd")
        self.assertEqual(sorted(there.paths() - before),
                         ["/etc/masterd", "/etc/masterd/sessions", "/etc/masterd/sessions/mill.toml"])
        self.assertEqual(sorted(before - there.paths()), [])

    def test_a_host_is_built_on_a_machine_that_has_the_packages(self):
        there = self.machine()
        there.install(self.debs.of("libmasterd1"), self.debs.of("libmasterd-dev"))
        there.sh("cmake", "-S", "/usr/share/doc/libmasterd-dev/examples/embed", "-B", "/root/embed", "-G", "Ninja")
        there.sh("cmake", "--build", "/root/embed", "--target", "host")
        self.assertIn("the session ran and ended", there.sh("/root/embed/host"))


def main():
    required = os.environ.get("MASTERD_REQUIRE_PACKAGE")
    missing = [tool for tool in TOOLS if not shutil.which(tool)]
    if missing:
        print("missing:", *missing, "(scripts/deps --package)")
        return 1 if required else 77
    result = unittest.main(argv=sys.argv[:1], verbosity=2, exit=False).result
    if result.skipped and required:
        print("a skipped test is a failure here")
        return 1
    if result.skipped and result.wasSuccessful():
        return 77
    return 0 if result.wasSuccessful() else 1


sys.exit(main())
