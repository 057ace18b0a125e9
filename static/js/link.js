// When a connection opens, how long it waits and when it gives up, whatever it is made with. The `line` that it is for says
// how: start() begins a request, cut() ends it, alive() says whether anybody still wants it, over(gaveUp) is told that it
// will not open again, and mark(state) shows that it is "lost", "gone" or (with "") there.

const QUIET_LIMIT = 40_000; // ms without a message: the server sends `hb` every 25 s
const HINT_AFTER = 2_000; // ms
const FIRST_WAIT = 500; // ms
const LONGEST_WAIT = 30_000; // ms
const STEADY = 5_000; // ms: a connection that lived this long was no failure
const REPLAYS = 3; // times that a frame may fail to apply
const REFUSED = [401, 403, 404, 410];

const links = new Set();

export class Link {
  phase = "closed";
  failures = 0;
  replays = 0;
  status = 0;
  lostAt = 0;
  hurry = false;

  constructor(line) {
    this.line = line;
    links.add(this);
  }

  open() {
    clearTimeout(this.timer);
    if (!this.line.alive()) return this.forget();
    // A hidden tab holds no connection: browsers allow six to one host over HTTP/1.1, and timers sleep there anyway.
    if (this.phase !== "closed" || document.hidden) return;
    Object.assign(this, { phase: "opening", status: 0, retryAfter: 0, progress: false, applying: false });
    this.heardAt = Date.now();
    this.lostAt ||= Date.now();
    setTimeout(() => this.show(), HINT_AFTER);
    this.line.start();
  }

  // For when there is reason to think that now is better than later: the network is back, the tab is in view again.
  reopen() {
    this.failures = 0;
    this.hurry = this.phase !== "closed";
    if (this.hurry) this.line.cut();
    else this.open();
  }

  forget(gaveUp = false) {
    clearTimeout(this.timer);
    links.delete(this);
    this.line.cut();
    this.line.over(gaveUp);
    this.line.mark(gaveUp ? "gone" : "");
  }

  // What the line reports: a refusal, the answer, each message before and after it is shown, a failure to show it.
  refused(status, retryAfter) {
    Object.assign(this, { status, retryAfter: Number(retryAfter) || 0 });
    if (status === 204) this.forget();
  }

  connected() {
    Object.assign(this, { phase: "open", openedAt: Date.now(), heardAt: Date.now(), lostAt: 0 });
    this.show();
  }

  hears(isFrame) {
    this.heardAt = Date.now();
    this.applying = isFrame;
  }

  applied(isFrame) {
    this.applying = false;
    this.progress ||= isFrame;
  }

  failed() {
    if (this.applying) this.replays += 1;
    this.line.cut();
  }

  closed() {
    const steady = this.phase === "open" && (this.progress || Date.now() - this.openedAt > STEADY);
    this.phase = "closed";
    this.lostAt = document.hidden ? 0 : this.lostAt || Date.now();
    if (!links.has(this)) return;
    if (REFUSED.includes(this.status) || this.replays > REPLAYS) return this.forget(true);
    if (document.hidden) return;
    if (steady) this.failures = 0;
    this.timer = setTimeout(() => this.open(), this.hurry ? 0 : this.wait());
    this.hurry = false;
    setTimeout(() => this.show(), HINT_AFTER);
  }

  // The jitter keeps the viewers of a restarted server from coming back in the same instant.
  wait() {
    const backOff = Math.min(FIRST_WAIT * 2 ** this.failures++, LONGEST_WAIT);
    return Math.max(backOff, this.retryAfter * 1000) * (0.75 + Math.random() / 2);
  }

  get lost() {
    return Boolean(this.lostAt) && Date.now() - this.lostAt >= HINT_AFTER;
  }

  show() {
    if (links.has(this)) this.line.mark(this.lost && !document.hidden ? "lost" : "");
  }
}

export function anyLost() {
  return [...links].some((link) => link.lost) && !document.hidden;
}

document.addEventListener("visibilitychange", () => {
  links.forEach((link) => (document.hidden ? link.line.cut() : link.reopen()));
});

window.addEventListener("online", () => links.forEach((link) => link.reopen()));

window.addEventListener("pageshow", (event) => {
  if (event.persisted) links.forEach((link) => link.reopen());
});

// The clock stands still while a computer sleeps, so this also notices waking up.
setInterval(() => {
  for (const link of links) {
    if (!link.line.alive()) link.forget();
    else if (link.phase !== "closed" && Date.now() - link.heardAt > QUIET_LIMIT) link.reopen();
  }
}, 5_000);
