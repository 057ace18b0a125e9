// <genapp-part>: answers and a form for questions, in a page of somebody else's. The server renders it, and whoever likes may
// put it there: htmx, Turbo, fetch, or the elements in elements.js.

import { news } from "../announcing.js";
import { FORM, listen, notice, sending, sent, showError, measure, parts as fields } from "../composing.js";
import { CAN_COPY, addButtons, listen as listenToCopy } from "../copying.js";
import { localise } from "../localising.js";
import { follow } from "./lines.js";
import { Pass } from "./passes.js";

const ARTICLE = "article[data-status]";
const WORKING = "article:is([data-status=queued], [data-status=processing])";
const AWAY = "The server could not be reached.";

export class Part extends HTMLElement {
  connectedCallback() {
    // Its children are not there yet where a page brings it and the script was faster.
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => this.begin());
    else this.begin();
  }

  begin() {
    if (this.pass) return;
    this.pass = this.getRootNode().host?.pass ?? new Pass(this);
    // Before anybody else: to htmx in the page around it these forms are addressed to the page's own server.
    this.addEventListener("submit", (event) => this.submit(event), { capture: true });
    this.addEventListener("click", (event) => this.reload(event));
    listen(this);
    listenToCopy(this, (sentence) => this.say(sentence));
    if (!CAN_COPY) this.dataset.clipboard = "none";
    news(this.querySelectorAll(ARTICLE), this);
    this.changed();
    this.followWhatIsIn(this);
    this.inert = false;
  }

  followWhatIsIn(fetched) {
    const working = [...fetched.querySelectorAll(WORKING)].map((article) => article.id);
    if (fetched.dataset.stream) follow(this, fetched.dataset.stream, working);
  }

  // After each change of what is in it.
  changed() {
    localise(this);
    if (CAN_COPY) addButtons(this);
    const told = news(this.querySelectorAll(ARTICLE), this);
    if (told) this.say(told);
  }

  say(sentence) {
    this.querySelector("[data-announcer]").textContent = sentence;
  }

  submit(event) {
    event.preventDefault();
    event.stopImmediatePropagation();
    const form = event.target;
    if (form.dataset.busy !== undefined) return;
    form.dataset.busy = "";
    form.classList.add("htmx-request"); // what buttons.css shows a form by that is on its way
    const done = form.matches(FORM) ? this.ask(form) : this.act(form);
    done.finally(() => {
      delete form.dataset.busy;
      form.classList.remove("htmx-request");
    });
  }

  async ask(form) {
    sending(form);
    const body = Object.fromEntries([...new FormData(form)].filter(([, value]) => value));
    const { generation, problem } = await this.post(form, body);
    fields(form).prompt.readOnly = false;
    if (problem) return showError(form, `${problem} Your words are still here.`);
    this.remember(form, generation.conversation_id);
    sent(form);
    await this.show(generation.id);
  }

  async act(form) {
    const { generation, problem } = await this.post(form, {});
    const article = form.closest(ARTICLE);
    if (problem) return article.querySelector("[role=alert]").replaceChildren(notice(problem));
    // What is being answered ends when its stream says so; what begins again has another.
    if (form.action.endsWith("/retry")) await this.show(generation.id);
    else form.dataset.sent = "";
  }

  // JSON: the answer is a generation, or what is wrong with it in a sentence.
  async post(form, body) {
    try {
      const response = await this.pass.request(new URL(form.getAttribute("action"), location).pathname, {
        method: "POST",
        headers: { Accept: "application/json", "Content-Type": "application/json" },
        body: JSON.stringify(body),
      });
      const answer = await response.json();
      return response.ok ? { generation: answer } : { problem: answer.detail };
    } catch {
      return { problem: AWAY };
    }
  }

  remember(form, id) {
    if (this.dataset.conversation === id) return;
    this.dataset.conversation = form.elements.conversation_id.value = id;
    fields(form).prompt.placeholder = "Ask a follow-up";
    this.dispatchEvent(new CustomEvent("genapp:conversation", { bubbles: true, composed: true, detail: { id } }));
  }

  // Put a generation's article where it belongs, as it is now, and follow it.
  async show(id) {
    const fetched = await this.fetched(`/embed/generation/${id}`);
    const article = fetched?.querySelector(ARTICLE);
    if (!article) return;
    const present = this.querySelector(`#${CSS.escape(article.id)}`);
    if (present) present.replaceWith(article.cloneNode(true));
    else this.querySelector("[data-generations]").append(article.cloneNode(true));
    this.changed();
    this.followWhatIsIn(fetched);
  }

  async fetched(path) {
    try {
      const response = await this.pass.request(path);
      const template = document.createElement("template");
      template.innerHTML = await response.text();
      return template.content.querySelector("genapp-part");
    } catch {
      return null;
    }
  }

  // "Reload to see the rest": this part of the page is enough.
  async reload(event) {
    const link = event.target.closest(".generation__gone a");
    if (!link) return;
    event.preventDefault();
    delete this.dataset.connection;
    for (const article of this.querySelectorAll(WORKING)) await this.show(article.id.replace("generation_", ""));
  }
}
