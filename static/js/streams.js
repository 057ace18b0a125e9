// When connections open, how long they wait and when they give up. htmx's SSE extension reads the messages and applies
// them; its own reconnecting is switched off (the htmx-config in _base.html), because in 4.0.1 it never retries a first
// answer of 503, retries a refusal for ever, hammers a server that closes at once, and cannot tell a dead line.

const QUIET_LIMIT = 40_000; // ms without a message: the server sends `hb` every 15 s
const HINT_AFTER = 2_000; // ms
const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 30_000; // ms
const STEADY = 5_000; // ms: a connection that lived this long was no failure
const REPLAYS = 3; // times that a frame may fail to apply
const REFUSED = [401, 403, 404, 410];
const REPLAY = "0"; // no cursor the server knows: it sends everything again, which starts by replacing the article

const links = new Map(); // connector element → link

function adopt() {
  for (const element of document.querySelectorAll("[hx-sse\\:connect][data-htmx-powered]")) {
    if (links.has(element)) continue;
    const link = { element, phase: "closed", cursor: "", failures: 0, replays: 0, status: 0, lostAt: 0, hurry: false };
    links.set(element, link);
    open(link);
  }
}

function open(link) {
  clearTimeout(link.timer);
  if (!link.element.isConnected) return forget(link);
  // A hidden tab holds no connection: browsers allow six to one host over HTTP/1.1, and timers sleep there anyway.
  if (link.phase !== "closed" || document.hidden) return;
  Object.assign(link, { phase: "opening", status: 0, retryAfter: 0, progress: false, applying: false });
  link.heardAt = Date.now();
  link.lostAt ||= Date.now();
  setTimeout(showState, HINT_AFTER);
  htmx.trigger(link.element, "stream:open");
}

function close(link) {
  link.abort?.();
}

// For when there is reason to think that now is better than later: the network is back, the tab is in view again.
function reopen(link) {
  link.failures = 0;
  link.hurry = link.phase !== "closed";
  if (link.hurry) close(link);
  else open(link);
}

function forget(link) {
  clearTimeout(link.timer);
  close(link);
  links.delete(link.element);
  link.element.remove();
  showState();
}

function giveUp(link) {
  forget(link);
  document.documentElement.dataset.connection = "gone";
}

function closed(link) {
  const steady = link.phase === "open" && (link.progress || Date.now() - link.openedAt > STEADY);
  link.phase = "closed";
  link.lostAt = document.hidden ? 0 : link.lostAt || Date.now();
  if (REFUSED.includes(link.status) || link.replays > REPLAYS) return giveUp(link);
  if (document.hidden) return;
  if (steady) link.failures = 0;
  link.timer = setTimeout(open, link.hurry ? 0 : wait(link), link);
  link.hurry = false;
  setTimeout(showState, HINT_AFTER);
}

// The jitter keeps the viewers of a restarted server from coming back in the same instant.
function wait(link) {
  const backOff = Math.min(FIRST_WAIT * 2 ** link.failures++, LONGEST_WAIT);
  return Math.max(backOff, link.retryAfter * 1000) * (0.75 + Math.random() / 2);
}

function showState() {
  const root = document.documentElement;
  if (root.dataset.connection === "gone") return;
  const lost = [...links.values()].some((link) => link.lostAt && Date.now() - link.lostAt >= HINT_AFTER);
  if (lost && !document.hidden) root.dataset.connection = "lost";
  else delete root.dataset.connection;
}

function on(name, handle) {
  document.addEventListener(name, (event) => {
    const link = links.get(event.detail.ctx?.sourceElement ?? event.target);
    if (link) handle(link, event.detail, event);
  });
}

on("htmx:config:request", (link, { ctx }) => {
  link.abort = ctx.request.abort;
  if (link.cursor) ctx.request.headers["Last-Event-ID"] = link.cursor;
});

// Only an answer that is no event stream comes by here: a refusal, a proxy's error page, a login page.
on("htmx:before:response", (link, { ctx }, event) => {
  event.preventDefault();
  ctx.response.raw.body?.cancel();
  link.status = ctx.response.status;
  link.retryAfter = Number(ctx.response.headers.get("Retry-After")) || 0;
  if (link.status === 204) forget(link);
});

on("htmx:finally:request", (link) => {
  if (link.phase === "opening") closed(link);
});

on("htmx:sse:after:connection", (link) => {
  Object.assign(link, { phase: "open", openedAt: Date.now(), heardAt: Date.now(), lostAt: 0 });
  showState();
});

on("htmx:sse:before:message", (link, { message }) => {
  link.heardAt = Date.now();
  link.applying = !message.event;
});

on("htmx:sse:after:message", (link, { message }) => {
  link.applying = false;
  link.progress ||= !message.event;
});

// A frame that failed to apply has moved the cursor past itself, so everything is asked for again.
on("htmx:sse:error", (link) => {
  if (link.applying) link.replays += 1;
  close(link); // a thrown swap leaves the response open
});

on("htmx:sse:close", (link, { connection, reason }) => {
  link.cursor = link.applying ? REPLAY : connection.lastEventId || link.cursor;
  if (reason === "message") forget(link);
  else closed(link);
});

document.addEventListener("htmx:after:process", adopt);

document.addEventListener("visibilitychange", () => {
  links.forEach(document.hidden ? close : reopen);
});

window.addEventListener("online", () => links.forEach(reopen));

window.addEventListener("pageshow", (event) => {
  if (event.persisted) links.forEach(reopen);
});

// The clock stands still while a computer sleeps, so this also notices waking up.
setInterval(() => {
  for (const link of links.values()) {
    if (!link.element.isConnected) forget(link);
    else if (link.phase !== "closed" && Date.now() - link.heardAt > QUIET_LIMIT) reopen(link);
  }
}, 5_000);

adopt();
