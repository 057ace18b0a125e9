// <genapp-chat token="…" conversation="…"> and <genapp-generation token="…" generation="…">: the parts of the server's, each
// in a shadow of its own, so that neither the page's styles nor ours reach the other's.

import { recall, keep } from "./keeping.js";
import { Part } from "./part.js";
import { Pass, SITE } from "./passes.js";

const AWAY = '<p class="notice">This cannot be reached just now. It is tried again.</p>';
const FIRST_WAIT = 1_000; // ms
const LONGEST_WAIT = 30_000; // ms

class Chat extends HTMLElement {
  static observedAttributes = ["token", "conversation", "generation"];

  pass = new Pass(this);
  failures = 0;

  connectedCallback() {
    if (this.shadowRoot) return;
    this.attachShadow({ mode: "open" });
    this.addEventListener("genapp:conversation", ({ detail }) => this.begun(detail.id));
    this.load();
  }

  attributeChangedCallback(name, before, now) {
    if (name === "token") this.pass.given = "";
    if (!this.shadowRoot || before === now) return;
    if (name !== "token") this.load();
    else if (!this.part) this.load();
  }

  get part() {
    return this.shadowRoot.querySelector("genapp-part");
  }

  get token() {
    return this.pass.token;
  }

  set token(token) {
    this.setAttribute("token", token);
  }

  get conversation() {
    return this.getAttribute("conversation") ?? recall(this);
  }

  // What was begun here is found again after a reload of the page, unless the page says itself what is to be shown.
  begun(id) {
    if (!this.hasAttribute("conversation")) keep(this, id);
  }

  path() {
    return this.conversation ? `/embed/conversation/${this.conversation}` : "/embed/composer";
  }

  async load() {
    const turn = (this.turn = {});
    clearTimeout(this.timer);
    const response = await this.pass.request(this.path()).catch(() => null);
    const html = await response?.text().catch(() => null);
    if (turn !== this.turn || !this.isConnected) return;
    if (response?.ok && html != null) return this.show(html);
    if (response?.status === 404 && !this.hasAttribute("conversation") && recall(this)) {
      keep(this, null);
      return this.load();
    }
    const passing = !response || response.status >= 500 || response.status === 429;
    this.show(`<div class="genapp"><link rel="stylesheet" href="${SITE}/embed.css">${passing ? AWAY : html}</div>`);
    const wait = Math.min(FIRST_WAIT * 2 ** this.failures++, LONGEST_WAIT) * (0.75 + Math.random() / 2);
    if (passing) this.timer = setTimeout(() => this.load(), wait);
  }

  show(html) {
    const template = document.createElement("template");
    template.innerHTML = html;
    const sheet = template.content.querySelector("link");
    const part = template.content.querySelector("genapp-part");
    if (part) {
      this.failures = 0;
      // Not before it has its looks.
      part.style.visibility = "hidden";
      for (const name of ["load", "error"]) sheet.addEventListener(name, () => (part.style.visibility = ""));
    }
    this.shadowRoot.replaceChildren(template.content);
  }
}

class Generation extends Chat {
  path() {
    return `/embed/generation/${this.getAttribute("generation")}`;
  }
}

// A page may have two of these scripts, of two releases.
if (!customElements.get("genapp-part")) {
  customElements.define("genapp-part", Part);
  customElements.define("genapp-chat", Chat);
  customElements.define("genapp-generation", Generation);
}
