// Keeps an open page up to date. Every page works without this file.
//
// The server sends the content of the page whenever it has changed. An update changes
// only what differs: it takes neither the focus, nor a selection, nor what is typed.

const content = document.querySelector("main[data-live]");
const asof = document.getElementById("asof");
const status = document.getElementById("stream");
const pause = document.getElementById("pause");
const announcement = document.getElementById("announcement");
const retryAfter = 30_000;

let source = null;
let retry = 0;

if (content) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    const paused = pause.getAttribute("aria-pressed") !== "true";
    pause.setAttribute("aria-pressed", String(paused));
    follow();
  });
  // A hidden page needs no connection, and browsers have only six for a server.
  document.addEventListener("visibilitychange", follow);
  addEventListener("pagehide", stop);
  addEventListener("pageshow", follow);
  follow();
}

function follow() {
  stop();
  const paused = pause.getAttribute("aria-pressed") === "true";
  status.textContent = paused ? "Paused, as of" : "As of";
  if (!paused && document.visibilityState === "visible") start();
}

function stop() {
  clearTimeout(retry);
  source?.close();
  source = null;
}

function start() {
  source = new EventSource("/events?page=" + encodeURIComponent(location.pathname + location.search));
  source.addEventListener("open", () => { status.textContent = "Live, as of"; });
  source.addEventListener("time", (event) => { asof.textContent = event.data; });
  source.addEventListener("page", (event) => {
    asof.textContent = event.lastEventId;
    update(event.data);
  });
  source.addEventListener("error", () => {
    status.textContent = "Not connected, as of";
    if (source?.readyState === EventSource.CLOSED) {
      stop();
      retry = setTimeout(follow, retryAfter);
    }
  });
}

function update(html) {
  const next = new DOMParser().parseFromString(html, "text/html").getElementById("live");
  const present = document.getElementById("live");
  if (!next || !present) return;
  const said = next.dataset.announce;
  if (said && said !== present.dataset.announce) announcement.textContent = said;
  change(present, next);
}

// change makes an element like another one, and keeps the nodes that both have.
function change(present, next) {
  if (present.localName === "form") return; // The user may be filling it in.
  for (const { name } of [...present.attributes]) if (!next.hasAttribute(name)) present.removeAttribute(name);
  for (const { name, value } of next.attributes) if (present.getAttribute(name) !== value) present.setAttribute(name, value);
  let at = present.firstChild;
  for (const child of [...next.childNodes]) {
    const same = match(present, at, child);
    if (!same) {
      present.insertBefore(document.importNode(child, true), at);
      continue;
    }
    // What stands before it is gone from the new page, or comes later.
    while (at !== same) at = remove(at);
    at = same.nextSibling;
    if (child.nodeType === Node.ELEMENT_NODE) change(same, child);
    else if (same.data !== child.data) same.data = child.data;
  }
  while (at) at = remove(at);
}

// match finds the node for a new one: by its id, or else the next of its kind.
function match(parent, at, child) {
  if (child.id) {
    const found = document.getElementById(child.id);
    return found?.parentNode === parent && follows(at, found) ? found : null;
  }
  return at && !at.id && at.nodeName === child.nodeName ? at : null;
}

function follows(at, node) {
  for (; at; at = at.nextSibling) if (at === node) return true;
  return false;
}

// remove removes a node, and returns the next one. A node with the focus stays, marked
// as gone: the next update after the focus has left removes it.
function remove(node) {
  const next = node.nextSibling;
  if (node.nodeType === Node.ELEMENT_NODE && node.contains(document.activeElement)) node.classList.add("gone");
  else node.remove();
  return next;
}
