#!/usr/bin/env python3
"""A provider in Python: an instance is a SQLite database, a binding is a user in its table of users.

It needs only the standard library. docs/command-provider.md explains the messages and the exit codes.
"""
import hashlib
import json
import os
import pathlib
import secrets
import sqlite3
import sys
import time

ROOT = pathlib.Path(os.environ["ROOT"]).absolute()


class Refused(Exception):
    """An error for the user."""

    def __init__(self, status, code, description):
        super().__init__(description)
        self.error = {"status": status, "error": code, "description": description}


def say(**line):
    """Reports progress, or saves a checkpoint and waits until it is on disk."""
    os.write(3, (json.dumps(line) + "\n").encode())
    if "checkpoint" in line:
        acknowledged = b""
        while not acknowledged.endswith(b"\n"):
            part = os.read(4, 100)
            if not part:  # The broker has gone.
                sys.exit(75)
            acknowledged += part


def path_of(request):
    return ROOT / (request["instance"]["resource_name"] + ".sqlite")


def open_database(path):
    if not path.exists():
        raise Refused(422, "DatabaseMissing", "The database is gone: delete the instance.")
    return sqlite3.connect(path, isolation_level=None)


def size_of(request):
    path = path_of(request)
    return path.stat().st_size if path.exists() else 0


def pages(request):
    return int(request["instance"]["plan"]["settings"]["megabytes"]) * 256


def check(request):
    """Refuses what the broker should not even accept."""
    if "binding" not in request and "previous" in request and size_of(request) > pages(request) * 4096:
        raise Refused(422, "DatabaseTooLarge", "The database is too large for this plan: delete data first.")
    return {}


def provision(request):
    """Makes the database under another name first, so that a killed attempt leaves no half of one."""
    ROOT.mkdir(parents=True, exist_ok=True)
    path = path_of(request)
    # The name of the draft is in the checkpoint, so that the next attempt can go on with it.
    draft = request.get("checkpoint", {}).get("draft")
    if not path.exists():
        if not draft:
            draft = f"{path.name}.draft-{secrets.token_hex(4)}"
            say(checkpoint={"draft": draft})
        say(description="making the database")
        time.sleep(float(os.environ.get("SLOW", "0")))
        database = sqlite3.connect(ROOT / draft, isolation_level=None)
        database.execute("CREATE TABLE IF NOT EXISTS users (name TEXT PRIMARY KEY, salt TEXT, hash TEXT)")
        database.close()
        os.rename(ROOT / draft, path)
    return {"state": {"file": path.name}, "metadata": {"labels": {"pages": str(pages(request))}}}


def update(request):
    open_database(path_of(request)).close()
    return {"metadata": {"labels": {"pages": str(pages(request))}}}


def deprovision(request):
    """Deletes the database, and what killed attempts left. Nothing there is a success."""
    for path in ROOT.glob(request["instance"]["resource_name"] + ".sqlite*"):
        path.unlink(missing_ok=True)
    return {}


def bind(request):
    """Sets a new password each time: only its hash is kept, so the old one cannot be told again."""
    name, password, salt = request["binding"]["resource_name"], secrets.token_urlsafe(24), secrets.token_hex(8)
    database = open_database(path_of(request))
    with database:
        database.execute(
            "INSERT INTO users VALUES (?, ?, ?) ON CONFLICT (name) DO UPDATE SET salt = excluded.salt, hash = excluded.hash",
            (name, salt, hashlib.sha256((salt + password).encode()).hexdigest()),
        )
    database.close()
    return {"credentials": {"path": str(path_of(request)), "username": name, "password": password, "max_page_count": pages(request)}}


def unbind(request):
    path = path_of(request)
    if path.exists():
        with sqlite3.connect(path) as database:
            database.execute("DELETE FROM users WHERE name = ?", (request["binding"]["resource_name"],))
        database.close()
    return {}


def list_(_request):
    return {"resources": [path.stem for path in ROOT.glob("ob-*.sqlite")]}


OPERATIONS = {
    "check": check, "provision": provision, "update": update, "deprovision": deprovision,
    "bind": bind, "unbind": unbind, "list": list_,
}


def main():
    request = json.load(sys.stdin)
    try:
        answer = OPERATIONS[request["operation"]](request)
    except Refused as refused:
        answer = {"error": refused.error}
    except sqlite3.OperationalError as error:
        if "locked" not in str(error):
            raise
        print(error, file=sys.stderr)
        answer = {"retry_after": 1}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
