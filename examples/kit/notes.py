"""Notes as a service, for the provider command: an instance is a text file."""

import json
import pathlib
import sys
import time

request = json.load(sys.stdin)
instance = request["instance"]
note = pathlib.Path("notes", instance["resource_name"] + ".txt")
answer = {}
match request["operation"]:
    case "provision":
        time.sleep(instance["plan"]["settings"]["seconds"])
        note.parent.mkdir(exist_ok=True)
        note.touch()  # An earlier attempt may have made it.
    case "deprovision":
        note.unlink(missing_ok=True)
    case "bind":
        answer = {"credentials": {"file": str(note.absolute())}}
json.dump(answer, sys.stdout)
