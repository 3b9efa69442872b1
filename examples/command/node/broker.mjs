// A provider in JavaScript: an instance is a store of notes in a directory, a binding is a
// key for it. It needs Node 18 or later. docs/command-provider.md explains the messages and
// the exit codes.
import { randomBytes } from "node:crypto";
import * as fs from "node:fs";
import * as path from "node:path";
import { setTimeout } from "node:timers/promises";

const root = path.resolve(process.env.ROOT);

/** An error for the user. */
class Refused extends Error {
  constructor(status, description) {
    super(description);
    this.error = { status, description };
  }
}

/** Reports progress to the user. */
const say = (description) => fs.writeSync(3, JSON.stringify({ description }) + "\n");

const directoryOf = (request) => path.join(root, request.instance.resource_name);
const storeOf = (request) => path.join(directoryOf(request), "store.json");
// Bindings of one instance are made at the same time, so each key has a file of its own.
const keyOf = (request) => path.join(directoryOf(request), "keys", request.binding.resource_name);

/** Reads a file; null if there is none. */
function read(file) {
  try {
    return fs.readFileSync(file, "utf8");
  } catch (error) {
    if (error.code === "ENOENT") return null;
    throw error;
  }
}

/** Replaces a file: a killed attempt leaves either the old or the new one. */
function write(file, text) {
  fs.writeFileSync(file + ".new", text, { mode: 0o600 });
  fs.renameSync(file + ".new", file);
}

function existing(request) {
  const store = read(storeOf(request));
  if (!store) throw new Refused(422, "The store is gone: delete the instance.");
  return JSON.parse(store);
}

const operations = {
  async provision(request) {
    fs.mkdirSync(path.join(directoryOf(request), "keys"), { recursive: true });
    say("making the store");
    await setTimeout(1000 * Number(process.env.SLOW ?? 0));
    const limit = request.instance.plan.settings.notes;
    if (!read(storeOf(request))) write(storeOf(request), JSON.stringify({ limit, notes: [] }));
    return { state: { directory: directoryOf(request) } };
  },

  update(request) {
    const store = existing(request);
    const limit = request.instance.plan.settings.notes;
    if (store.notes.length > limit) {
      throw new Refused(422, `The store has ${store.notes.length} notes, and the plan allows ${limit}: delete some.`);
    }
    write(storeOf(request), JSON.stringify({ ...store, limit }));
    return {};
  },

  deprovision(request) {
    fs.rmSync(directoryOf(request), { recursive: true, force: true });
    return {};
  },

  bind(request) {
    const { limit } = existing(request);
    // A repeated attempt gives the same key, because an application may have it already.
    if (!read(keyOf(request))) write(keyOf(request), randomBytes(24).toString("base64url"));
    return { credentials: { store: storeOf(request), key: read(keyOf(request)), limit } };
  },

  unbind(request) {
    for (const suffix of ["", ".new"]) fs.rmSync(keyOf(request) + suffix, { force: true });
    return {};
  },

  list() {
    const names = fs.existsSync(root) ? fs.readdirSync(root) : [];
    return { resources: names.filter((name) => /^ob-[a-z2-7]+$/.test(name)) };
  },
};

const request = JSON.parse(fs.readFileSync(0, "utf8"));
let answer;
try {
  answer = await operations[request.operation](request);
} catch (error) {
  if (!(error instanceof Refused)) throw error; // The exit code says that it failed.
  answer = { error: error.error };
}
process.stdout.write(JSON.stringify(answer));
