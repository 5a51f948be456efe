#!/usr/bin/python3
"""Kills a process of a running machine, and tells when the axis came to rest.

  kill_and_watch.py PID

Looks at the commanded position in HAL's memory, which needs no realtime and no milltask.
"""
import os
import signal
import sys
import time

import hal

REST = 0.3  # seconds without a change

watch = hal.component("watch")
watch.ready()


def position():
    """None once motion was unloaded: nothing moves any more."""
    try:
        return hal.get_value("joint.0.motor-pos-cmd")
    except RuntimeError:
        return None


before = position()
time.sleep(0.1)
if position() == before:
    sys.exit("the axis does not move")
killed = moved = time.monotonic()
os.kill(int(sys.argv[1]), signal.SIGKILL)
last = position()
while time.monotonic() - moved < REST:
    now = position()
    if now is None:
        break
    if now != last:
        last, moved = now, time.monotonic()
    time.sleep(0.0005)
print(f"at rest {(moved - killed) * 1000:.1f} ms after the kill, at X {last:.3f} mm")
