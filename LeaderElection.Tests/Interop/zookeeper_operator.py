"""An operator's hand on a ZooKeeper: HOSTS (ls|get|create|set|acl|delete) PATH [VALUE]."""
import sys

from kazoo.client import KazooClient
from kazoo.security import ANYONE_ID_UNSAFE, ACL

hosts, command, path, *value = sys.argv[1:]
value = value[0].encode() if value else b""
client = KazooClient(hosts=hosts)
client.start(timeout=25)
try:
    if command == "ls":
        print(*sorted(client.get_children(path)), sep="\n")
    elif command == "get":
        print(client.get(path)[0].decode())
    elif command == "create":
        client.create(path, value, makepath=True)
    elif command == "set":
        client.set(path, value)
    elif command == "acl":
        letters = {"r": 1, "w": 2, "c": 4, "d": 8, "a": 16}
        client.set_acls(path, [ACL(sum(letters[letter] for letter in value.decode()), ANYONE_ID_UNSAFE)])
    elif command == "delete":
        client.delete(path, recursive=True)
    else:
        sys.exit(f"unknown command {command}")
finally:
    client.stop()
    client.close()
