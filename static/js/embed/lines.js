// One connection for all that one person follows in a page, in however many parts: browsers allow six to one host over
// HTTP/1.1, and a page has others.

import { Link } from "../link.js";
import { apply, messages } from "./messages.js";
import { person } from "./passes.js";

const REPLAY = "0"; // no cursor the server knows: it sends everything again, which starts by replacing the article
const GATHER = 20; // ms: parts that come at once are asked for at once

const lines = new Map(); // person → line

// A stream that is followed: its signed name, how far it has got, the id of the article it is about, and in which parts.
class Lane {
  again = false; // whether all of it is wanted, whatever has been shown

  constructor(part, name, cursor, article) {
    Object.assign(this, { parts: [part], name, cursor, article });
  }

  get over() {
    return !this.parts.some((part) => part.isConnected) || (this.cursor.endsWith(".end") && !this.again);
  }

  // A part shows the same article as it was at another moment: from the beginning it is right in all of them.
  join(part) {
    this.parts = this.parts.filter((one) => one !== part && one.isConnected).concat(part);
    this.again = true;
  }
}

class Line {
  lanes = [];

  constructor(who) {
    this.who = who;
    this.link = new Link(this);
  }

  add(lanes) {
    for (const lane of lanes) {
      const present = this.lanes.find((one) => one.article === lane.article && !one.over);
      if (present) present.join(lane.parts[0]);
      else this.lanes.push(lane);
    }
    clearTimeout(this.gathering);
    this.gathering = setTimeout(() => this.link.reopen(), GATHER);
  }

  async start() {
    this.lanes = this.lanes.filter((lane) => !lane.over);
    const lanes = [...this.lanes]; // more may come while these are asked for
    this.controller = new AbortController();
    let ended = false;
    try {
      ended = await this.read(lanes, await this.request(lanes));
    } catch {
      // The network, or cut(): link.js knows what to do then.
    }
    this.cut();
    const more = this.lanes.some((lane) => lane.again || !lanes.includes(lane));
    if (ended && !more) this.link.forget();
    else this.link.closed();
  }

  request(lanes) {
    const cursors = lanes.map((lane) => (lane.again ? REPLAY : lane.cursor));
    const query = new URLSearchParams({ dialect: "turbo", after: cursors.join(",") });
    for (const lane of lanes) {
      query.append("stream", lane.name);
      lane.again = false;
    }
    // The token that came last is the one that holds longest.
    return lanes.at(-1).parts.at(-1).pass.request(`/streams?${query}`, { signal: this.controller.signal });
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
      for (const { parts, article } of moved) {
        for (const part of parts) {
          apply(data, part, (target) => target.closest(`#${CSS.escape(article)}`));
          part.changed();
        }
      }
    } catch (error) {
      for (const lane of moved) lane.again = true;
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
    for (const part of this.lanes.flatMap((lane) => lane.parts)) {
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
