#!/usr/bin/env python3
"""The provider of acme-broker: an instance is a folder on the disk of the broker, a binding is a user of the folder.

Replace the work on files by that on your service. The broker runs this program for each operation. It reads a request
from the standard input, and prints an answer to the standard output, both as JSON.

Each operation must be idempotent: after a crash, the broker runs it again, with the same request and with the checkpoint
that the interrupted attempt has saved. An exception fails the operation: its text is for the log of the broker only.
"""
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import shutil
import sys

ROOT = pathlib.Path(os.environ["FOLDERS"]).absolute()


class Refused(Exception):
    """An error for users of the platform."""

    def __init__(self, status, description):
        super().__init__(description)
        self.error = {"status": status, "description": description}


def provision(request):
    """Creates the folder. It accepts what an earlier attempt has created."""
    folder = folder_of(request)
    (folder / "users").mkdir(parents=True, exist_ok=True)
    say({"description": "Setting the quota."})  # Users of the platform see it.
    set_quota(folder, request)
    # The broker keeps the state, encrypted, and adds it to later requests.
    return {"state": {"salt": secrets.token_hex(16)}}


def update(request):
    """Changes the plan."""
    set_quota(folder_of(request), request)
    return {}


def deprovision(request):
    """Deletes the folder. A missing one counts as deleted."""
    if folder_of(request).exists():
        shutil.rmtree(folder_of(request))
    return {}


def bind(request):
    """Creates a user with a generated password, of which the folder has only a hash."""
    if not folder_of(request).exists():
        raise Refused(422, "The folder is gone: delete the instance.")
    # The checkpoint is on disk, encrypted, before the service gets the password. So an interrupted bind continues with
    # the same password.
    password = request.get("checkpoint", {}).get("password")
    if not password:
        password = secrets.token_urlsafe(24)
        say({"checkpoint": {"password": password}})
    pepper = request.get("secrets", {}).get("pepper", "")
    salted = request["instance"]["state"]["salt"] + password
    write(user_of(request), hmac.new(pepper.encode(), salted.encode(), hashlib.sha256).hexdigest())
    return {
        "credentials": {
            "folder": str(folder_of(request)),
            "username": request["binding"]["resource_name"],
            "password": password,
        }
    }


def unbind(request):
    """Deletes the user. A missing one counts as deleted, and so does one that a killed bind has only begun."""
    user_of(request).unlink(missing_ok=True)
    draft_of(user_of(request)).unlink(missing_ok=True)
    return {}


def list_instances(_request):
    """Lists the folders, so that the command admin orphans can compare them with the records."""
    return {"resources": [folder.name for folder in ROOT.glob("ob-*")]}


def folder_of(request):
    """An id is any text of the platform. The resource name is a safe name for it, and always the same."""
    return ROOT / request["instance"]["resource_name"]


def user_of(request):
    return folder_of(request) / "users" / request["binding"]["resource_name"]


def set_quota(folder, request):
    write(folder / "quota", str(request["instance"]["plan"]["settings"]["max_files"]))


def write(path, text):
    """Writes a file that is complete, also after a crash."""
    draft_of(path).write_text(text, encoding="utf-8")
    draft_of(path).replace(path)


def draft_of(path):
    return path.with_name(path.name + ".draft")


def say(line):
    """Reports progress to the broker, or saves a checkpoint and waits until it is on disk."""
    os.write(3, (json.dumps(line) + "\n").encode())
    if "checkpoint" in line and not os.read(4, 4096):
        sys.exit(75)  # The broker has gone. It tries again.


OPERATIONS = {
    "provision": provision,
    "update": update,
    "deprovision": deprovision,
    "bind": bind,
    "unbind": unbind,
    "list": list_instances,
}


def main():
    os.umask(0o077)
    request = json.load(sys.stdin)
    try:
        answer = OPERATIONS[request["operation"]](request)
    except Refused as refused:
        answer = {"error": refused.error}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
