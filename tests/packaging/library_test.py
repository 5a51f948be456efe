"""The shared library shows what its public headers declare, all of it and nothing else; and these need no other header.

    library_test.py SOURCE_DIR LIBMASTERD.SO STATIC_LIBRARY...
"""

import pathlib
import re
import subprocess
import sys
import unittest

ROOT = pathlib.Path(sys.argv[1])
LIBRARY, *ARCHIVES = sys.argv[2:]
HEADERS = re.findall(r"\w+/\w+\.h", (ROOT / "packaging/library/headers.cmake").read_text())


def without_comments(header):
    return re.sub(r"//.*", "", (ROOT / header).read_text(encoding="utf-8"))


def declared():
    """(classes, functions) with their namespaces."""
    classes, functions = set(), set()
    for header in HEADERS:
        text = without_comments(header)
        space = re.search(r"namespace (masterd::\w+)", text)[1]
        classes |= {f"{space}::{name}" for name in re.findall(r"(?m)^(?:class|struct) (\w+)\b[^;]*?\{", text)}
        # At the left margin, and neither defined on the spot nor a macro or a continued line.
        functions |= {f"{space}::{name}" for name in
                      re.findall(r"(?m)^[\w\[][^\n(;{]*?\b(\w+)\([^;]*?\)\s*;", text)}
    return classes, functions


def symbols(*options):
    """Names of functions and data in namespaces of ours, without parameters."""
    text = subprocess.run(["nm", "-C", "--defined-only", *options], check=True, capture_output=True, text=True,
                          timeout=100).stdout
    found = set()
    for line in text.splitlines():
        match = re.match(r"[0-9a-f]+ [TDBRVW] (?P<name>.*)", line)
        if not match:
            continue
        name = match["name"].replace("[abi:cxx11]", "").partition("@@")[0]
        name = re.sub(r"^(vtable|typeinfo|typeinfo name|VTT) for ", "", name)
        name = re.sub(r"^(non-virtual|virtual) thunk to ", "", name)
        if name.startswith("masterd::"):
            found.add(name.partition("(")[0])
    return found


class LibraryTest(unittest.TestCase):
    def test_public_headers_include_public_headers_only(self):
        for header in HEADERS:
            for included in re.findall(r'(?m)^#include "(.*)"', without_comments(header)):
                self.assertIn(included, HEADERS, header)

    def test_nothing_internal_is_shown(self):
        classes, functions = declared()
        self.assertGreater(len(classes), 40)
        self.assertGreater(len(functions), 30)
        # Nested classes stand with theirs, and masterd::fsm is public as a whole.
        stray = {name for name in symbols("-D", LIBRARY)
                 if not name.startswith("masterd::fsm::") and name not in functions
                 and "::".join(name.split("::")[:3]) not in classes}
        self.assertEqual(stray, set())

    def test_nothing_public_is_missing(self):
        classes, functions = declared()
        shown = symbols("-D", LIBRARY)
        built = symbols(*ARCHIVES)
        wanted = {name for name in built if name in functions or name.rpartition("::")[0] in classes}
        self.assertGreater(len(wanted), 100)
        # What is inline is wherever it is used.
        inline = symbols("--no-weak", *ARCHIVES)
        self.assertEqual({name for name in wanted & inline if name not in shown}, set())

    def test_only_the_library_itself_has_its_version(self):
        text = subprocess.run(["readelf", "-d", LIBRARY], check=True, capture_output=True, text=True, timeout=100).stdout
        self.assertIn("Library soname: [libmasterd.so.1]", text)
        self.assertNotIn("TEXTREL", text)


unittest.main(argv=sys.argv[:1], verbosity=2)
