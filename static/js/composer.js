// The form for questions in our own pages, which htmx sends: keeping the text until it has arrived.

import { FORM, listen, measure, newKey, parts, sending, sent, showError } from "./composing.js";

document.addEventListener("click", (event) => {
  const example = event.target.closest("a[data-prompt]");
  const form = example && document.querySelector(FORM);
  if (!form || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const { prompt } = parts(form);
  prompt.value = example.dataset.prompt;
  measure(form);
  prompt.focus();
});

const askedBy = new WeakMap(); // a request → its form: from the first page that is swapped away, and htmx forgets it

function on(name, handle) {
  document.addEventListener(name, (event) => {
    const { ctx } = event.detail;
    if (!askedBy.has(ctx)) askedBy.set(ctx, ctx.sourceElement);
    const form = askedBy.get(ctx);
    if (form.matches?.(FORM)) handle(form, ctx, event);
  });
}

on("htmx:before:request", sending);

on("htmx:before:swap", (form, ctx, event) => {
  if (ctx.response.status < 400) return;
  parts(form).prompt.setAttribute("aria-invalid", "true");
  // A proxy's own error page has no place inside a form.
  if (ctx.text.includes('class="notice"')) return;
  event.preventDefault();
  showError(form, `The server could not take this just now (${ctx.response.status}). Your words are still here.`);
});

on("htmx:finally:request", (form, ctx) => {
  parts(form).prompt.readOnly = false;
  if (!ctx.response) return showError(form, "The server could not be reached. Your words are still here.");
  if (ctx.status !== "swapped" || ctx.response.status >= 400) return parts(form).prompt.focus();
  // From the first page the whole composer has been replaced by that of the conversation.
  const current = document.querySelector(FORM);
  if (current) sent(current);
});

// A page that comes back by Back still holds the key of what was sent from it.
window.addEventListener("pageshow", (event) => {
  const form = document.querySelector(FORM);
  if (form && event.persisted) form.elements.idempotency_key.value = newKey();
});

listen(document);
