// The form for questions: sending from the keyboard, growing, counting, and keeping the text until it has arrived.

const FORM = "form.composer";
const WARN_FROM = 0.9; // of the characters allowed
const GROWS_BY_ITSELF = CSS.supports("field-sizing", "content");

function parts(form) {
  return {
    prompt: form.elements.prompt,
    count: form.querySelector(".composer__count"),
    error: form.querySelector(".composer__error"),
  };
}

function measure(form) {
  const { prompt, count } = parts(form);
  const allowed = Number(prompt.dataset.maxCharacters);
  // Counted as the server counts: an emoji is one character there, two or more in String.length.
  const left = prompt.value.length > allowed * WARN_FROM ? allowed - [...prompt.value].length : Infinity;
  const near = left <= allowed * (1 - WARN_FROM);
  const sentence = left < 0 ? `${-left} characters too many` : near ? `${left} characters left` : "";
  if (count.textContent !== sentence) count.textContent = sentence;
  count.toggleAttribute("data-over", left < 0);
  prompt.setCustomValidity(left < 0 ? sentence : "");
  if (GROWS_BY_ITSELF) return;
  prompt.style.height = "auto";
  prompt.style.height = `${prompt.scrollHeight + 2}px`;
}

function clearError(form) {
  const { prompt, error } = parts(form);
  error.replaceChildren();
  prompt.removeAttribute("aria-invalid");
}

function showError(form, sentence) {
  const { prompt, error } = parts(form);
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.textContent = sentence;
  error.replaceChildren(notice);
  prompt.setAttribute("aria-invalid", "true");
}

// crypto.randomUUID exists only on https and localhost; a first look is often at an address in the local network.
function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

function sent(form) {
  const { prompt } = parts(form);
  prompt.value = "";
  delete form.dataset.tried;
  form.elements.idempotency_key.value = newKey();
  measure(form);
  prompt.focus({ preventScroll: true });
}

document.addEventListener("keydown", (event) => {
  if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
  const form = event.target.closest(FORM);
  if (!form || event.repeat) return;
  event.preventDefault();
  if (!form.querySelector("button[type=submit]").disabled) form.requestSubmit();
});

document.addEventListener("input", (event) => {
  const form = event.target.closest(FORM);
  if (!form) return;
  measure(form);
  // The same words sent again are one question, whose answer may have been lost on the way; other words are another.
  if (form.dataset.tried === undefined) return;
  delete form.dataset.tried;
  form.elements.idempotency_key.value = newKey();
});

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

on("htmx:before:request", (form) => {
  clearError(form);
  form.dataset.tried = "";
  parts(form).prompt.readOnly = true;
});

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

for (const form of document.querySelectorAll(FORM)) measure(form);
