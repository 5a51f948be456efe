"""Checks what the folder layout promises: who may include whom, how long a file may be; and that
docs/traps.md claims no test that is not there.

    check_tree.py ROOT      exits 1 and names each offence; checks itself on a made-up tree first
"""

import pathlib
import re
import sys
import tempfile

# folder -> our folders that it may include, besides itself
MAY_INCLUDE = {
    "fsm": set(),
    "proto": set(),
    "config": set(),
    "supervisor": {"fsm", "config"},
    "daemon": {"supervisor", "fsm", "proto", "config"},
    "ctl": {"proto"},
}
MAX_LINES = 500
INCLUDE = re.compile(r'^\s*#\s*include\s+[<"]([a-z]+)/', re.MULTILINE)


def offences(root: pathlib.Path) -> list[str]:
    found = []
    for folder, allowed in MAY_INCLUDE.items():
        for path in sorted((root / folder).rglob("*")):
            if path.suffix not in (".h", ".cc"):
                continue
            text = path.read_text(encoding="utf-8")
            name = path.relative_to(root)
            for target in INCLUDE.findall(text):
                if target in MAY_INCLUDE and target != folder and target not in allowed:
                    found.append(f"{name}: {folder} may not include {target}")
            lines = text.count("\n")
            if lines > MAX_LINES:
                found.append(f"{name}: {lines} lines, the limit is {MAX_LINES}")
    return found


def untested_traps(root: pathlib.Path) -> list[str]:
    tested = (root / "docs/traps.md").read_text(encoding="utf-8").split("## Not yet")[0]
    tests = "\n".join(
        path.read_text(encoding="utf-8") for path in sorted((root / "tests").rglob("*_test.cc"))
    )
    names = set(re.findall(r"TEST(?:_F|_P)?\(\w+,\s*(\w+)\)", tests))
    words = {word for name in names for word in name.split("_")}
    return [
        f"docs/traps.md: no test carries {trap}"
        for trap in re.findall(r"^\| ([A-Z]\d+) \|", tested, re.MULTILINE)
        if trap not in words
    ]


def check_the_checker() -> list[str]:
    with tempfile.TemporaryDirectory() as folder:
        root = pathlib.Path(folder)
        for name in MAY_INCLUDE:
            (root / name).mkdir()
        (root / "ctl/good.cc").write_text('#include "proto/rpc.h"\n#include <zmq.h>\n')
        (root / "ctl/bad.cc").write_text('#include "daemon/daemon.h"\n')
        (root / "fsm/long.cc").write_text("\n" * (MAX_LINES + 1))
        got = offences(root)
    want = ["fsm/long.cc: 501 lines, the limit is 500", "ctl/bad.cc: ctl may not include daemon"]
    return [] if got == want else [f"the checker found {got}"]


def main() -> int:
    found = check_the_checker() + offences(pathlib.Path(sys.argv[1]))
    found += untested_traps(pathlib.Path(sys.argv[1]))
    for offence in found:
        print(offence)
    return 1 if found else 0


sys.exit(main())
