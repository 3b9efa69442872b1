#!/usr/bin/env python3
"""A receiver for the webhook provider of openbroker, with the standard library only.

An instance is a folder, and a binding is a token in it. A plan whose settings have
"seconds" takes that long: the receiver accepts the request with a 202, and answers when
the broker asks again, or by a callback if the request has a callback_url.

    WEBHOOK_SECRETS="whsec_..." ./receiver.py DIRECTORY [PORT]
"""

import base64
import hashlib
import hmac
import json
import os
import pathlib
import secrets
import shutil
import ssl
import sys
import threading
import time
import urllib.request
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLERANCE = 300  # How far the clock of the broker may differ, in seconds.
PATIENCE = 1  # How long a request waits for its answer before it gets a 202.
LIMIT = 16 << 20  # The largest request, in bytes.

# All secrets verify. The first one signs.
KEYS = [base64.b64decode(text.removeprefix("whsec_")) for text in os.environ["WEBHOOK_SECRETS"].split()]
ROOT = pathlib.Path(sys.argv[1]).resolve()


def signature(key, message, timestamp, body):
    mac = hmac.new(key, f"{message}.{timestamp}.".encode() + body, hashlib.sha256)
    return "v1," + base64.b64encode(mac.digest()).decode()


def sign(message, body):
    """The headers of a message to the broker."""
    now = str(int(time.time()))
    return {
        "Content-Type": "application/json",
        "webhook-id": message,
        "webhook-timestamp": now,
        "webhook-signature": signature(KEYS[0], message, now, body),
    }


def verify(headers, body):
    """Say what is wrong with a request, or None."""
    message, timestamp = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    given = headers.get("webhook-signature", "").split()
    expected = [signature(key, message, timestamp, body) for key in KEYS]
    if not any(hmac.compare_digest(g.encode(), e.encode()) for g in given for e in expected):
        return "no signature matches"
    if abs(time.time() - int(timestamp)) > TOLERANCE:
        return "the clocks differ"
    return None


class Superseded(Exception):
    """The work is not needed any more."""


GIVEN_UP = {"error": {"status": 409, "description": "The operation was given up."}}


class Job:
    """The work on one operation, for all of its attempts."""

    def __init__(self, request):
        self.request = request
        self.message = ""  # The latest one.
        self.accepted = False  # The latest one got a 202.
        self.answer = None
        self.kept_until = 0.0
        self.cancelled = threading.Event()
        self.ended = threading.Event()

    def pause(self, seconds):
        """Work for some time."""
        if self.cancelled.wait(seconds):
            raise Superseded

    def run(self, earlier):
        for job in earlier:  # What they make now would be left behind.
            job.cancelled.set()
            job.ended.wait()
        try:
            self.answer = OPERATIONS[self.request["operation"]](self)
        except Superseded:  # It is kept, so that a replayed request does not begin again.
            print("given up:", self.request["operation"], self.request["id"], flush=True)
            self.answer = GIVEN_UP
        except Exception as problem:  # The broker tries again.
            print("failed:", self.request["operation"], self.request["id"], repr(problem), flush=True)
        if self.answer is not None:
            self.kept_until = time.time() + 2 * TOLERANCE
        self.ended.set()
        if self.answer is not None and self.accepted and self.request.get("callback_url"):
            self.call_back()

    def call_back(self):
        """Send the answer to the broker. If that fails, the broker asks for it."""
        callback = "callback-" + secrets.token_urlsafe(16)
        while True:
            with LOCK:
                message = self.message
            body = json.dumps({"message": message, "answer": self.answer}).encode()
            request = urllib.request.Request(self.request["callback_url"], body, sign(callback, body))
            try:
                with urllib.request.urlopen(request, timeout=10) as response:
                    print("called back:", response.status, flush=True)
            except OSError as problem:  # HTTP statuses are OSErrors, too.
                print("called back:", problem, flush=True)
            with LOCK:
                if message == self.message:
                    return


def folder(request):
    return ROOT / request["instance"]["resource_name"]


def provision(job):
    settings = job.request["instance"]["plan"]["settings"]
    job.pause(settings.get("seconds", 0))
    folder(job.request).mkdir(exist_ok=True)
    return {"state": {"size": settings.get("size", 1)}}


def update(job):
    return {"state": {"size": job.request["instance"]["plan"]["settings"].get("size", 1)}}


def deprovision(job):
    shutil.rmtree(folder(job.request), ignore_errors=True)  # It may never have existed.
    return {}


def bind(job):
    token = folder(job.request) / (job.request["binding"]["resource_name"] + ".token")
    if not token.exists():  # An earlier attempt may have made it.
        made = token.with_suffix(".new")
        made.write_text(secrets.token_urlsafe(24))
        made.rename(token)
    return {"credentials": {"folder": str(folder(job.request)), "token": token.read_text()}}


def unbind(job):
    (folder(job.request) / (job.request["binding"]["resource_name"] + ".token")).unlink(missing_ok=True)
    return {}


OPERATIONS = {f.__name__: f for f in (provision, update, deprovision, bind, unbind)}
LOCK = threading.Lock()
JOBS = {}  # By operation. An ended job is kept for as long as its messages could be replayed.


def forget():
    """Remove jobs that were kept for long enough. The caller has the lock."""
    for old in [k for k, job in JOBS.items() if job.ended.is_set() and job.kept_until < time.time()]:
        del JOBS[old]


def give_up(request):
    """Cancel an operation."""
    key = request["message"].split("_", 1)[1]
    with LOCK:
        forget()
        job = JOBS.get(key)
        if job is None:  # Its request is still on its way, and finds this answer when it comes.
            job = JOBS[key] = Job(request)
            job.answer, job.kept_until = GIVEN_UP, time.time() + 2 * TOLERANCE
            job.ended.set()
        job.cancelled.set()


def supersedes(request, other):
    """Whether a deletion ends the work on another request."""
    if other["operation"] == "cancel":
        return False
    if request["operation"] == "deprovision":
        return folder(request) == folder(other)
    if request["operation"] == "unbind":
        return request["binding"]["resource_name"] == other.get("binding", {}).get("resource_name")
    return False


def job_for(request, message):
    """The job of a request, which may be a new one, or None for an older generation."""
    key = message.split("_", 1)[1]  # Behind the generation: the same for each attempt.
    with LOCK:
        forget()
        job = JOBS.get(key)
        if job is None:
            job = JOBS[key] = Job(request)
            earlier = [other for other in JOBS.values() if other is not job and supersedes(request, other.request)]
            threading.Thread(target=job.run, args=(earlier,), daemon=True).start()
        elif request["generation"] < job.request["generation"]:
            return None
        job.request["generation"], job.message, job.accepted = request["generation"], message, False
        return job


class Receiver(BaseHTTPRequestHandler):
    timeout = 30

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        if length > LIMIT:
            return self.reply(413, b"", "text/plain")
        body = self.rfile.read(length)
        problem = verify(self.headers, body)
        if problem:
            return self.reply(401, problem.encode(), "text/plain")
        request, message = json.loads(body), self.headers["webhook-id"]
        if request["operation"] == "cancel":
            give_up(request)
            return self.reply(204, b"", None)
        if request["operation"] not in OPERATIONS:
            return self.reply(400, b"unknown operation", "text/plain")
        job = job_for(request, message)
        if job is None:
            return self.reply(409, b"a later attempt has begun", "text/plain")
        if not job.ended.wait(PATIENCE):
            job.accepted = True
            again = {} if request.get("callback_url") else {"Retry-After": "1"}
            return self.reply(202, b'{"description": "The folder is being made."}', "application/json", again)
        if job.answer is None:
            return self.reply(503, b"the work was given up or has failed", "text/plain")
        return self.reply(200, json.dumps(job.answer).encode(), "application/json")

    def reply(self, status, body, media, more=None):
        headers = sign(self.headers.get("webhook-id", ""), body) | {"Content-Length": str(len(body))} | (more or {})
        headers["Content-Type"] = media
        self.send_response(status)
        for name, value in headers.items():
            if value is not None:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


if __name__ == "__main__":
    ROOT.mkdir(parents=True, exist_ok=True)
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[2]) if len(sys.argv) > 2 else 9000), Receiver)
    scheme = "http"
    if "WEBHOOK_TLS" in os.environ:  # A directory with certificate, key, and the authority of the broker.
        tls = pathlib.Path(os.environ["WEBHOOK_TLS"])
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tls / "client-ca.pem")
        context.load_cert_chain(tls / "tls.crt", tls / "tls.key")
        context.verify_mode = ssl.CERT_REQUIRED
        server.socket = context.wrap_socket(server.socket, server_side=True)
        scheme = "https"
    print(f"listening on {scheme}://127.0.0.1:{server.server_port}/", flush=True)
    server.serve_forever()
