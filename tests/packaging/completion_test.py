"""The completion scripts, driven as bash and zsh drive them, against a real daemon.

    completion_test.py COMPLETIONS MASTERD MASTERCTL
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

SCRIPTS, MASTERD, MASTERCTL = map(os.path.abspath, sys.argv[1:4])
LIMIT = 100  # s; generous: only a test that fails waits for it

# What bash does: words are broken at blanks and at the characters of COMP_WORDBREAKS.
BASH = r"""
source "$1"
COMP_LINE=$2 COMP_POINT=${#2}
mapfile -t COMP_WORDS < <(/usr/bin/python3 - "$COMP_LINE" <<'PYTHON'
import re, sys
line = sys.argv[1]
words = re.findall(r"[:=]+|[^\s:=]+", line)
if line[-1:] == " ": words.append("")
print("\n".join(words))
PYTHON
)
COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
compopt() { :; }
program=${COMP_WORDS[0]}
"_$3" "$program" "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\n' "${COMPREPLY[@]}"
"""

# zsh calls the file as a function, with the words of the line; these helpers of its completion system print what they get.
ZSH = r"""
_describe() { print -rl -- "${(@P)2}" }
_files() { print ':files' }
compset() { PREFIX=${PREFIX#*=} }
words=("${(@s: :)2}")
[[ $2 == *' ' && -n ${words[-1]} ]] && words+=('')
CURRENT=$#words PREFIX=${words[-1]}
complete_it() { source $1 }
complete_it $1
"""


class CompletionTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory(prefix="masterd-test-")
        root = pathlib.Path(cls.folder.name)
        (root / "sessions").mkdir()
        (root / "sessions/mill.toml").write_text(
            'session.description = "in hall 2"\n[coprocess.ui]\ncommand = ["sleep", "1000"]\n'
            '[coprocess.ui-log]\ncommand = ["sleep", "1000"]\n[coprocess.db]\ncommand = ["sleep", "1000"]\n')
        (root / "own.toml").touch()
        # The scripts run the program that was typed.
        (root / "masterctl").symlink_to(MASTERCTL)
        (root / "masterd").symlink_to(MASTERD)
        cls.endpoint = f"ipc://{root}/control.sock"
        cls.environment = {**os.environ, "MASTERD_ENDPOINT": cls.endpoint, "PATH": f"{root}:{os.environ['PATH']}"}
        with open(root / "log", "wb") as log:
            cls.daemon = subprocess.Popen([MASTERD, "--endpoint", cls.endpoint, "--config-dir", str(root / "sessions")],
                                          stderr=log)
        subprocess.run([MASTERCTL, "--endpoint", cls.endpoint, "set-config", "--wait", "mill"], check=True,
                       capture_output=True, timeout=LIMIT)

    @classmethod
    def tearDownClass(cls):
        cls.daemon.terminate()
        cls.daemon.wait(LIMIT)
        cls.folder.cleanup()

    def run_shell(self, shell, code, line, program, environment):
        run = subprocess.run([*shell, "-c", code, "shell", f"{SCRIPTS}/{program}.{shell[0]}", line, program],
                             capture_output=True, text=True, timeout=LIMIT, cwd=self.folder.name,
                             env={**self.environment, **environment})
        self.assertEqual((run.returncode, run.stderr), (0, ""), line)
        return run.stdout.splitlines()

    def bash(self, line, program="masterctl", **environment):
        return self.run_shell(["bash", "--norc"], BASH, line, program, environment)

    def zsh(self, line, **environment):
        if not shutil.which("zsh"):
            self.skipTest("zsh is not here")
        return self.run_shell(["zsh", "-f"], ZSH, line, "masterctl", environment)

    def test_bash_completes_verbs_and_options(self):
        self.assertEqual(self.bash("masterctl set"), ["set-config"])
        self.assertEqual(self.bash("masterctl stop --n"), ["--now"])
        self.assertIn("wait", self.bash("masterctl "))

    def test_bash_completes_the_names_of_coprocesses(self):
        self.assertEqual(self.bash("masterctl logs "), ["ui", "ui-log", "db"])
        self.assertEqual(self.bash("masterctl stop ui u"), ["ui-log"])

    def test_bash_completes_configs_and_files(self):
        self.assertEqual(sorted(self.bash("masterctl set-config m")), ["masterctl", "masterd", "mill"])
        self.assertEqual(self.bash("masterctl set-config --text ow"), ["own.toml"])
        self.assertEqual(self.bash("masterctl set-config --text=ow"), ["own.toml"])

    def test_bash_completes_methods(self):
        self.assertEqual(self.bash("masterctl call list"), ["list_configs"])

    def test_bash_keeps_an_endpoint_together(self):
        line = f"masterctl --endpoint {self.endpoint} status d"
        self.assertEqual(self.bash(line, MASTERD_ENDPOINT="ipc:///nowhere/control.sock"), ["db"])

    def test_bash_does_without_a_daemon(self):
        nowhere = "ipc:///nowhere/control.sock"
        self.assertEqual(self.bash("masterctl status ", MASTERD_ENDPOINT=nowhere), [])
        self.assertEqual(self.bash("masterctl statu", MASTERD_ENDPOINT=nowhere), ["status"])

    def test_bash_completes_every_option_of_the_daemon(self):
        told = subprocess.run([MASTERD, "--help"], capture_output=True, text=True, check=True, timeout=LIMIT).stdout
        options = [word.split(",")[-1] for line in told.splitlines() for word in line.split()[:1] if word.startswith("-")]
        self.assertIn("--session", options)
        self.assertEqual(self.bash("masterd ", "masterd"), options)

    def test_bash_completes_the_values_of_the_daemons_options(self):
        self.assertEqual(self.bash("masterd --log-format ", "masterd"), ["text", "json"])
        self.assertEqual(self.bash("masterd --log-level=w", "masterd"), ["warning"])
        self.assertEqual(self.bash("masterd --session o", "masterd"), ["own.toml"])
        self.assertEqual(self.bash("masterd --config-dir ", "masterd"), ["sessions"])
        self.assertEqual(self.bash("masterd --profiles o", "masterd"), ["own.toml"])
        self.assertIn("masterctl", self.bash("masterd --hook-command masterc", "masterd"))
        self.assertEqual(self.bash("masterd --endpoint ", "masterd"), [])
        self.assertEqual(self.bash("masterd --hook-interval ", "masterd"), [])

    def test_zsh_completes_with_descriptions(self):
        self.assertEqual(self.zsh("masterctl shut"), ["shutdown:Stop the session and the daemon"])
        self.assertEqual(self.zsh("masterctl logs "), ["ui:running", "ui-log:running", "db:running"])

    def test_zsh_completes_configs_and_files(self):
        self.assertEqual(self.zsh("masterctl check "), ["mill:in hall 2", ":files"])
        self.assertEqual(self.zsh("masterctl check --text="), [":files"])

    def test_zsh_keeps_an_endpoint_together(self):
        line = f"masterctl --endpoint {self.endpoint} status d"
        self.assertEqual(self.zsh(line, MASTERD_ENDPOINT="ipc:///nowhere/control.sock"), ["db:running"])


unittest.main(argv=sys.argv[:1], verbosity=2)
