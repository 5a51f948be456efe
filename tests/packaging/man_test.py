"""The man pages tell what the programs tell, and man(1) has nothing to complain about.

    man_test.py SCRIPTS_MAN DOCS_MAN MASTERD MASTERCTL
"""

import pathlib
import re
import shutil
import subprocess
import sys
import unittest

SCRIPT, DOCS, MASTERD, MASTERCTL = sys.argv[1:5]
PAGES = ("masterd.8", "masterctl.1", "masterd.toml.5", "masterd-session.5")


def made(page):
    return subprocess.run(
        ["/usr/bin/python3", SCRIPT, f"{DOCS}/{page}.md", "--version", "1.2.3", "--program", f"masterd={MASTERD}",
         "--program", f"masterctl={MASTERCTL}"],
        check=True, capture_output=True, text=True, timeout=100).stdout


def plain(page):
    """What a reader sees, without fonts."""
    text = re.sub(r"\\f.", "", made(page))
    return text.replace(r"\-", "-").replace(r"\(aq", "'").replace(r"\&", "").replace(r"\(ti", "~")


def help_of(*command):
    return subprocess.run([*command, "--help"], check=True, capture_output=True, text=True, timeout=100).stdout


def options(text):
    return re.findall(r"(?m)(?<![\w-])(--?[a-z][\w-]*)", text.split("Options:")[1].split("\n\n")[0])


class ManTest(unittest.TestCase):
    def assert_terms(self, page, terms):
        # A term follows its request on a line of its own; several names of one option stand on one.
        told = re.findall(r"(?m)^\.TP\n(.*)$", plain(page))
        words = {word.rstrip(",") for term in told for word in term.split()}
        self.assertEqual([term for term in terms if term not in words], [])

    def test_every_option_of_the_daemon_is_in_its_page(self):
        found = options(help_of(MASTERD))
        self.assertIn("--session", found)
        self.assert_terms("masterd.8", found)

    def test_every_option_and_verb_of_masterctl_is_in_its_page(self):
        text = help_of(MASTERCTL)
        verbs = re.findall(r"(?m)^  ([a-z-]+) ", text.split("Verbs:")[1])
        self.assertIn("set-config", verbs)
        self.assert_terms("masterctl.1", options(text) + verbs)
        for verb in verbs:
            with self.subTest(verb=verb):
                self.assert_terms("masterctl.1", options(help_of(MASTERCTL, verb)))

    def test_every_key_of_a_session_file_is_in_its_page(self):
        source = pathlib.Path(DOCS, "../session-file.md").read_text(encoding="utf-8")
        keys = re.findall(r"(?m)^\| `([a-z_.]+)` \|", source)
        self.assertGreater(len(keys), 40)
        page = plain("masterd-session.5")
        self.assertEqual([key for key in keys if not re.search(rf"(?m)^{re.escape(key)}\b", page)], [])

    def test_no_markdown_is_left(self):
        for page in PAGES:
            with self.subTest(page=page):
                text = plain(page)
                # In code they stand for themselves.
                text = re.sub(r"(?s)\.nf\n.*?\.fi\n", "", text)
                self.assertNotRegex(text, r"\*\*|\]\(|\|---|^#|<!--|(?<!\\)\(ga")

    def test_the_same_sources_make_the_same_page(self):
        for page in PAGES:
            self.assertEqual(made(page), made(page))

    def test_the_version_is_told(self):
        for page in PAGES:
            self.assertIn('"masterd 1.2.3"', made(page).splitlines()[1])

    @unittest.skipUnless(shutil.which("man") and shutil.which("groff"), "man-db and groff are not here")
    def test_man_has_no_complaint(self):
        for page in PAGES:
            with self.subTest(page=page):
                # As lintian does it.
                shown = subprocess.run(["man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z", "-"], input=made(page),
                                       capture_output=True, text=True, timeout=100,
                                       env={"PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "MANROFFSEQ": "", "MANWIDTH": "80"})
                self.assertEqual((shown.returncode, shown.stderr), (0, ""))


unittest.main(argv=sys.argv[:1], verbosity=2)
