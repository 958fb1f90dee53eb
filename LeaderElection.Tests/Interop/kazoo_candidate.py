"""A candidate by kazoo's Election: HOSTS PATH IDENTIFIER [SESSION_SECONDS].

Prints LEADER when elected and RESIGNED when it has stood down, LOST or SUSPENDED when the
connection is. Commands on its input: resign, campaign, contenders, quit.
"""
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import CancelledError

hosts, path, identifier, *session = sys.argv[1:]
client = KazooClient(hosts=hosts, timeout=float(session[0]) if session else 10.0)
client.add_listener(lambda state: say(state) if state != "CONNECTED" else None)
client.start(timeout=25)
election = client.Election(path, identifier)
resign = threading.Event()


def say(line):
    # One write, so that the lines of two threads do not mix.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def lead():
    say("LEADER")
    resign.wait()


def campaign():
    try:
        election.run(lead)
        say("RESIGNED")
    except CancelledError:
        say("CANCELLED")


def start():
    resign.clear()
    thread = threading.Thread(target=campaign, daemon=True)
    thread.start()
    return thread


def stop(thread):
    resign.set()
    election.cancel()
    thread.join()


campaigning = start()
say("CAMPAIGNS")
for command in map(str.strip, sys.stdin):
    if command == "resign":
        stop(campaigning)
    elif command == "campaign":
        campaigning = start()
        say("CAMPAIGNS")
    elif command == "contenders":
        say("CONTENDERS " + ",".join(election.contenders()))
    elif command == "quit":
        break
client.stop()
client.close()
