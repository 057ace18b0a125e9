// One connection for all that one person follows in a page, in however many parts: browsers allow six to one host over
// HTTP/1.1, and a page has others.

import { Link } from "../link.js";
import { apply, messages } from "./messages.js";
import { person } from "./passes.js";

const REPLAY = "0"; // no cursor the server knows: it sends everything again, which starts by replacing the article
const GATHER = 20; // ms: parts that come at once are asked for at once

const lines = new Map(); // person → line

// A stream that a part follows: the signed name, how far it has got, and the id of the article it is about.
class Lane {
  constructor(part, name, cursor, article) {
    Object.assign(this, { part, name, cursor, article });
  }

  get over() {
    return !this.part.isConnected || this.cursor.endsWith(".end");
  }
}

class Line {
  lanes = [];

  constructor(who) {
    this.who = who;
    this.link = new Link(this);
  }

  add(lanes) {
    this.lanes.push(...lanes);
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.link.reopen(), GATHER);
  }

  async start() {
    const lanes = (this.lanes = this.lanes.filter((lane) => !lane.over));
    this.controller = new AbortController();
    let ended = false;
    try {
      ended = await this.read(lanes, await this.request(lanes));
    } catch {
      // The network, or cut(): link.js knows what to do then.
    }
    this.cut();
    if (ended && this.lanes.every((lane) => lanes.includes(lane))) this.link.forget();
    else this.link.closed();
  }

  request(lanes) {
    const query = new URLSearchParams({ dialect: "turbo", after: lanes.map((lane) => lane.cursor).join(",") });
    for (const { name } of lanes) query.append("stream", name);
    // The token that came last is the one that holds longest.
    return lanes.at(-1).part.pass.request(`/streams?${query}`, { signal: this.controller.signal });
  }

  // Gives whether all of it has ended.
  async read(lanes, response) {
    if (response.status !== 200) {
      this.link.refused(response.status, response.headers.get("Retry-After"));
      return false;
    }
    this.link.connected();
    for await (const { event, data, id } of messages(response.body)) {
      if (event === "done") return true;
      this.link.hears(!event);
      if (!event) this.show(lanes, data, id.split(","));
      this.link.applied(!event);
    }
    return false;
  }

  // A frame is of one stream: the one whose place in the cursors has changed, and whose article it is about.
  show(lanes, data, cursors) {
    const moved = lanes.filter((lane, place) => lane.cursor !== cursors[place]);
    try {
      for (const { part, article } of moved) {
        apply(data, part, (target) => target.startsWith(article));
        part.changed();
      }
    } catch (error) {
      for (const lane of moved) lane.cursor = REPLAY;
      this.link.failed();
      throw error;
    }
    lanes.forEach((lane, place) => (lane.cursor = cursors[place]));
  }

  cut() {
    this.controller?.abort();
  }

  alive() {
    return this.lanes.some((lane) => !lane.over);
  }

  over() {
    if (lines.get(this.who) === this) lines.delete(this.who);
  }

  mark(state) {
    for (const { part } of this.lanes) {
      if (state) part.dataset.connection = state;
      else delete part.dataset.connection;
    }
  }
}

// Follow, in a part, what an address of the server's names; the streams are about these articles, in the same order.
export function follow(part, address, articles) {
  const query = new URL(address, document.baseURI).searchParams;
  const cursors = (query.get("after") ?? "").split(",");
  const lanes = query.getAll("stream").map((name, place) => new Lane(part, name, cursors[place] ?? "", articles[place]));
  const who = person(part.pass.token);
  if (!lines.has(who)) lines.set(who, new Line(who));
  lines.get(who).add(lanes);
}
