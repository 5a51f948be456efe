"""A client of a running machine, told what to do by lines on stdin; each gets one line as its answer.

    mover.py NML_FILE      begins with "ok" when it is connected

    on              out of estop, on, ready for MDI
    go X F          begins to move to X with feed F, and does not wait
    stop            gives up the move
    arrive X        waits until the axis is there
    at              "ok X"
"""

import sys
import time

import linuxcnc

LIMIT_S = 30


def connect(nml_file):
    linuxcnc.nmlfile = nml_file
    return linuxcnc.stat(), linuxcnc.command()


def on(command):
    for step in (
        lambda: command.state(linuxcnc.STATE_ESTOP_RESET),
        lambda: command.state(linuxcnc.STATE_ON),
        lambda: command.mode(linuxcnc.MODE_MDI),
    ):
        step()
        if command.wait_complete(LIMIT_S) != linuxcnc.RCS_DONE:
            raise RuntimeError("the machine refuses")


def at(stat):
    stat.poll()
    return stat.actual_position[0]


def arrive(stat, x):
    deadline = time.monotonic() + LIMIT_S
    while abs(at(stat) - x) > 1e-6:
        if time.monotonic() > deadline:
            raise RuntimeError(f"still at {at(stat)}")
        time.sleep(0.005)


def answer(stat, command, words):
    if words[0] == "on":
        on(command)
    elif words[0] == "go":
        command.mdi(f"G21 G90 G1 X{words[1]} F{words[2]}")
    elif words[0] == "stop":
        command.abort()
        command.wait_complete(LIMIT_S)
    elif words[0] == "arrive":
        arrive(stat, float(words[1]))
    elif words[0] != "at":
        raise RuntimeError(f"what is {words[0]}?")
    return f"ok {at(stat)!r}"


def main():
    stat, command = connect(sys.argv[1])
    print("ok", flush=True)
    for line in sys.stdin:
        try:
            print(answer(stat, command, line.split()), flush=True)
        except Exception as error:  # whatever it is, the test wants to read it
            print(f"error {error!r}", flush=True)


main()
