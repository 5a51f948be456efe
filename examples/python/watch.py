#!/usr/bin/python3
"""Shows what a masterd does: how it is now, then every change, until interrupted.

    watch.py [ENDPOINT]
"""

import sys

import masterd


def main():
    try:
        with masterd.Client(*sys.argv[1:2]) as client, client.events("session.", "coprocess.") as events:
            session = events.status["session"]
            print("no session" if session is None else f"session {session['name']}: {session['state']}")
            for coprocess in events.status["coprocesses"]:
                print(f"{coprocess['name']}: {coprocess['state']}")
            for event in events:
                name = event.get("name") or f"session {event['session']}"
                print(f"{name}: {event['to']} ({event['cause']})", flush=True)
    except masterd.Error as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        pass


main()
