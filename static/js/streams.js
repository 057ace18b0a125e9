// The connections of a page. htmx's SSE extension reads the messages and applies them; its own reconnecting is switched off
// (the htmx-config in _base.html), because in 4.0.1 it never retries a first answer of 503, retries a refusal for ever,
// hammers a server that closes at once, and cannot tell a dead line: link.js does all that.

import { Link, anyLost } from "./link.js";

const REPLAY = "0"; // no cursor the server knows: it sends everything again, which starts by replacing the article

const lines = new Map(); // connector element → line

class Line {
  cursor = "";

  constructor(element) {
    this.element = element;
    this.link = new Link(this);
  }

  start() {
    htmx.trigger(this.element, "stream:open");
  }

  cut() {
    this.abort?.();
  }

  alive() {
    return this.element.isConnected;
  }

  over() {
    lines.delete(this.element);
    this.element.remove();
  }

  // One mark for the whole page: whatever is lost in it, a reader is told the same.
  mark(state) {
    const root = document.documentElement;
    if (root.dataset.connection === "gone") return;
    if (state === "gone") root.dataset.connection = state;
    else if (anyLost()) root.dataset.connection = "lost";
    else delete root.dataset.connection;
  }
}

function adopt() {
  for (const element of document.querySelectorAll("[hx-sse\\:connect][data-htmx-powered]")) {
    if (lines.has(element)) continue;
    const line = new Line(element);
    lines.set(element, line);
    line.link.open();
  }
}

function on(name, handle) {
  document.addEventListener(name, (event) => {
    const line = lines.get(event.detail.ctx?.sourceElement ?? event.target);
    if (line) handle(line, event.detail, event);
  });
}

on("htmx:config:request", (line, { ctx }) => {
  line.abort = ctx.request.abort;
  if (line.cursor) ctx.request.headers["Last-Event-ID"] = line.cursor;
});

// Only an answer that is no event stream comes by here: a refusal, a proxy's error page, a login page.
on("htmx:before:response", ({ link }, { ctx }, event) => {
  event.preventDefault();
  ctx.response.raw.body?.cancel();
  link.refused(ctx.response.status, ctx.response.headers.get("Retry-After"));
});

on("htmx:finally:request", ({ link }) => {
  if (link.phase === "opening") link.closed();
});

on("htmx:sse:after:connection", ({ link }) => link.connected());

on("htmx:sse:before:message", ({ link }, { message }) => link.hears(!message.event));

on("htmx:sse:after:message", ({ link }, { message }) => link.applied(!message.event));

// A frame that failed to apply has moved the cursor past itself, so everything is asked for again. A thrown swap leaves
// the response open.
on("htmx:sse:error", ({ link }) => link.failed());

on("htmx:sse:close", (line, { connection, reason }) => {
  line.cursor = line.link.applying ? REPLAY : connection.lastEventId || line.cursor;
  if (reason === "message") line.link.forget();
  else line.link.closed();
});

document.addEventListener("htmx:after:process", adopt);

adopt();
