// Server-sent events by fetch, which can send a token where EventSource cannot; and what a frame in them does.

// Gives {event, data, id} of each event of a response's body.
export async function* messages(body) {
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let waiting = "";
  let message = { event: "", data: [], id: null };
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return;
    const lines = (waiting + value).split("\n");
    waiting = lines.pop();
    for (const line of lines) {
      if (line) {
        take(message, line);
        continue;
      }
      yield { ...message, data: message.data.join("\n") };
      message = { event: "", data: [], id: null };
    }
  }
}

function take(message, line) {
  const [, name, value] = /^([^:]*):? ?(.*)$/.exec(line);
  if (name === "data") message.data.push(value);
  else if (name === "event" || name === "id") message[name] = value;
}

// Apply those of a frame's <turbo-stream> ops in `root` whose target, an element, `concerns`.
export function apply(html, root, concerns) {
  const frame = document.createElement("template");
  frame.innerHTML = html;
  for (const op of frame.content.children) {
    const target = root.querySelector(`#${CSS.escape(op.getAttribute("target"))}`);
    if (target && concerns(target)) ACTIONS[op.getAttribute("action")](target, op.firstElementChild?.content);
  }
}

const ACTIONS = {
  append: (target, content) => target.append(content),
  before: (target, content) => target.before(content),
  after: (target, content) => target.after(content),
  update: (target, content) => target.replaceChildren(content),
  replace: (target, content) => replace(target, content),
  remove: (target) => target.remove(),
};

// Who had the focus inside of what is replaced finds it on what has come.
function replace(target, content) {
  const focused = target.contains(target.getRootNode().activeElement);
  const incoming = content.firstElementChild;
  target.replaceWith(content);
  if (focused && incoming?.matches("article")) incoming.focus({ preventScroll: true });
}
