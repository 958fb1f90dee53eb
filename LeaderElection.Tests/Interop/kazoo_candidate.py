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


def say(line):
    # One write, so that the lines of two threads do not mix.
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


class Campaign:
    """One campaign: kazoo's Election stays cancelled once it was, so each has its own."""

    def __init__(self):
        self.election = client.Election(path, identifier)
        self.resigned = threading.Event()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()
        say("CAMPAIGNS")

    def run(self):
        try:
            self.election.run(self.lead)
            say("RESIGNED")
        except CancelledError:
            say("CANCELLED")

    def lead(self):
        say("LEADER")
        self.resigned.wait()

    def resign(self):
        self.resigned.set()
        self.election.cancel()
        self.thread.join()


campaign = Campaign()
for command in map(str.strip, sys.stdin):
    if command == "resign":
        campaign.resign()
    elif command == "campaign":
        campaign = Campaign()
    elif command == "contenders":
        say("CONTENDERS " + ",".join(campaign.election.contenders()))
    elif command == "quit":
        break
client.stop()
client.close()
