"""The installed library as an embedder meets it: installed into a folder of its own, found by a fresh CMake run and by
pkg-config, and what is built with it runs.

    embed_test.py BUILD_DIR EXAMPLES_EMBED MASTERD CXX
"""

import os
import pathlib
import shlex
import subprocess
import sys
import tempfile
import unittest

BUILD, EXAMPLES, MASTERD, CXX = sys.argv[1:5]
LIMIT = 250  # s; generous: only a test that fails waits for it


def run(*command, **more):
    return subprocess.run(command, capture_output=True, text=True, timeout=LIMIT, **more)


class EmbedTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        cls.root = pathlib.Path(cls.folder.name)
        prefix = cls.root / "moved/prefix"
        for component in ("libmasterd1", "libmasterd-dev"):
            cls.done(run("cmake", "--install", BUILD, "--prefix", str(cls.root / "prefix"), "--component", component))
        # Nothing may remember where it was installed.
        prefix.parent.mkdir()
        (cls.root / "prefix").rename(prefix)
        cls.prefix = prefix
        cls.built = cls.root / "built"
        cls.done(run("cmake", "-S", EXAMPLES, "-B", str(cls.built), "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={prefix}",
                     f"-DCMAKE_CXX_COMPILER={CXX}", "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Wpedantic -Werror"))
        cls.done(run("cmake", "--build", str(cls.built)))

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    @staticmethod
    def done(ran):
        if ran.returncode != 0:
            raise AssertionError(f"{ran.args}:\n{ran.stdout}{ran.stderr}")
        return ran.stdout

    def test_c16_a_host_keeps_its_children_its_handler_and_its_poll(self):
        told = self.done(run(self.built / "host"))
        self.assertIn("worker: running -> backoff (killed by SIGKILL", told)
        self.assertEqual(told.count("worker wrote: working"), 2)
        self.assertIn("the session ran and ended", told)
        self.assertIn(" 0 stolen, handler kept", told)

    def test_c16_a_thousand_lives_leave_nothing(self):
        self.assertIn("1000 cycles: 0 descriptors more", self.done(run(self.built / "cycles", "1000")))

    def test_the_client_talks_to_a_daemon(self):
        endpoint = f"ipc://{self.root}/control.sock"
        session = self.root / "one.toml"
        session.write_text('[coprocess.ui]\ncommand = ["sleep", "1000"]\n')
        with open(self.root / "log", "wb") as log:
            daemon = subprocess.Popen([MASTERD, "--endpoint", endpoint, "--session", session], stderr=log)
        self.addCleanup(daemon.wait, LIMIT)
        self.addCleanup(daemon.terminate)
        # The client gives up after a second without a daemon, which may need longer to be there.
        while (ran := run(self.built / "client", endpoint)).returncode == 3 and daemon.poll() is None:
            pass
        self.assertIn("ui: ", self.done(ran))

    def test_the_client_knows_that_nobody_is_there(self):
        ran = run(self.built / "client", f"ipc://{self.root}/nobody.sock")
        self.assertEqual((ran.returncode, "no daemon" in ran.stderr), (3, True))

    def test_pkg_config_is_enough(self):
        where = next(self.prefix.glob("lib/**/pkgconfig"))
        flags = self.done(run("pkg-config", "--cflags", "--libs", "masterd", env={**os.environ, "PKG_CONFIG_PATH": str(where)}))
        self.done(run(CXX, "-std=c++20", f"{EXAMPLES}/client.cc", "-o", str(self.root / "plain"), *shlex.split(flags)))
        ran = run(self.root / "plain", f"ipc://{self.root}/nobody.sock", env={**os.environ, "LD_LIBRARY_PATH": str(where.parent)})
        self.assertEqual(ran.returncode, 3, ran.stderr)


unittest.main(argv=sys.argv[:1], verbosity=2)
