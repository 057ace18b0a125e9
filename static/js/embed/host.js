// In a page with frames of ours: gives each its token, its height, and the conversation that was begun in it before.
//
//   <iframe src="https://genapp.example/embed/frame?site=…" data-token="…" data-token-url="/genapp-token"></iframe>

import { keep, recall } from "./keeping.js";
import { Pass, SITE } from "./passes.js";

const passes = new WeakMap(); // frame → pass

function passOf(frame) {
  if (!passes.has(frame)) passes.set(frame, Object.assign(new Pass(frame), { given: frame.dataset.token ?? "" }));
  return (frame.pass = passes.get(frame));
}

async function give(frame, token) {
  const { conversation, generation } = frame.dataset;
  const message = { genapp: "token", token: await token, conversation: conversation ?? recall(frame), generation };
  if (message.token) frame.contentWindow.postMessage(message, SITE);
}

const HEARD = {
  ready: (frame) => give(frame, passOf(frame).token || passOf(frame).renew("")),
  "token-expired": (frame) => give(frame, passOf(frame).renew(passOf(frame).token)),
  height: (frame, { height }) => (frame.style.height = `${Math.ceil(Number(height)) || 0}px`),
  conversation(frame, { id }) {
    if (!frame.dataset.conversation) keep(frame, id);
    frame.dispatchEvent(new CustomEvent("genapp:conversation", { bubbles: true, detail: { id } }));
  },
};

window.addEventListener("message", ({ source, origin, data }) => {
  if (origin !== SITE || !Object.hasOwn(HEARD, data?.genapp)) return;
  for (const frame of document.querySelectorAll("iframe")) {
    if (frame.contentWindow === source) HEARD[data.genapp](frame, data);
  }
});

// Those that were ready before this was.
for (const frame of document.querySelectorAll(`iframe[src^="${SITE}/embed/frame"]`)) HEARD.ready(frame);
