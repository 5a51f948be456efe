#!/usr/bin/python3
"""Moves the axis of the machine in mini.ini, as a program of a user would.

  move.py X [FEED] [--no-wait]    to X mm, FEED in mm/min (600); prints where the axis is at the end

Needs Debian's linuxcnc-uspace, whose module `linuxcnc` is the system python3's.
"""
import os
import sys

import linuxcnc

HERE = os.path.dirname(os.path.abspath(__file__))
INI = os.environ.get("INI_FILE_NAME", os.path.join(HERE, "mini.ini"))
linuxcnc.nmlfile = os.path.join(os.path.dirname(INI), linuxcnc.ini(INI).find("EMC", "NML_FILE"))


def must(command, what, limit=60):
    if command.wait_complete(limit) != linuxcnc.RCS_DONE:
        sys.exit(f"{what}: refused, or not done within {limit} s")


def main():
    wait = "--no-wait" not in sys.argv
    words = [word for word in sys.argv[1:] if word != "--no-wait"]
    if not words:
        sys.exit(__doc__)
    x, feed = float(words[0]), float(words[1]) if len(words) > 1 else 600
    status, command = linuxcnc.stat(), linuxcnc.command()
    status.poll()
    if status.task_state != linuxcnc.STATE_ON:
        command.state(linuxcnc.STATE_ESTOP_RESET)
        must(command, "out of the emergency stop")
        command.state(linuxcnc.STATE_ON)
        must(command, "machine on")
    command.mode(linuxcnc.MODE_MDI)
    must(command, "MDI")
    command.mdi(f"G21 G90 G1 X{x} F{feed}")
    if wait:
        must(command, "the move")
    status.poll()
    print(f"X {status.actual_position[0]:.3f} mm")


if __name__ == "__main__":
    main()
