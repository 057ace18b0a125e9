// The page inside a frame. It is given its token by the page around it, or finds it behind the # of its own address, which
// browsers send to no server. Only the site's own pages may frame it (`frame-ancestors`), so its parent is one of them.

import "./elements.js";

const given = new URLSearchParams(location.hash.slice(1));
// Out of the history, and of what is copied from it.
history.replaceState(null, "", location.pathname + location.search);

let renewed = () => {};

function tell(what, more = {}) {
  parent.postMessage({ genapp: what, ...more }, "*");
}

function show({ token, conversation, generation }) {
  const present = document.querySelector("genapp-chat, genapp-generation");
  if (present) {
    renewed(token);
    if (token) present.token = token;
    return;
  }
  const element = document.createElement(generation ? "genapp-generation" : "genapp-chat");
  for (const [name, value] of Object.entries({ id: "frame", token, conversation, generation })) {
    if (value) element.setAttribute(name, value);
  }
  document.body.append(element);
}

window.addEventListener("message", ({ source, data }) => {
  if (source === parent && data?.genapp === "token") show(data);
});

document.addEventListener("genapp:token-expired", ({ detail }) => {
  detail.renew(new Promise((resolve) => (renewed = resolve)));
  tell("token-expired");
});

document.addEventListener("genapp:conversation", ({ detail }) => tell("conversation", { id: detail.id }));

new ResizeObserver(() => tell("height", { height: document.documentElement.offsetHeight })).observe(document.body);

if (given.get("token")) show(Object.fromEntries(given));
tell("ready");
