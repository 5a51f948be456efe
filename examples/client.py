#!/usr/bin/python3
"""Asks a masterd for its status over a plain REQ socket and prints it.

    client.py [ENDPOINT]        default: $MASTERD_ENDPOINT, else ipc:///run/masterd/control.sock
"""
import json, os, sys, zmq

endpoint = sys.argv[1] if len(sys.argv) > 1 else os.environ.get("MASTERD_ENDPOINT", "ipc:///run/masterd/control.sock")
socket = zmq.Context.instance().socket(zmq.REQ)
socket.setsockopt(zmq.LINGER, 0)  # do not hang at exit when nobody is there
socket.connect(endpoint)
socket.send_json({"jsonrpc": "2.0", "method": "status", "id": 1})
if not socket.poll(2000):
    sys.exit(f"no answer from {endpoint}")
answer = socket.recv_json()
if "error" in answer:
    sys.exit(answer["error"]["message"])
print(json.dumps(answer["result"], indent=2))
