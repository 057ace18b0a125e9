// A form for questions, wherever it is: growing, counting, sending from the keyboard, and a key for each question, so that
// one that is sent twice is asked once. How it is sent is for who uses this.

export const FORM = "form.composer";
const WARN_FROM = 0.9; // of the characters allowed
const GROWS_BY_ITSELF = CSS.supports("field-sizing", "content");

export function parts(form) {
  return {
    prompt: form.elements.prompt,
    count: form.querySelector(".composer__count"),
    error: form.querySelector(".composer__error"),
  };
}

export function measure(form) {
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

// crypto.randomUUID exists only on https and localhost; a first look is often at an address in the local network.
export function newKey() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

export function notice(sentence) {
  const paragraph = document.createElement("p");
  paragraph.className = "notice";
  paragraph.textContent = sentence;
  return paragraph;
}

export function showError(form, sentence) {
  const { prompt, error } = parts(form);
  error.replaceChildren(notice(sentence));
  prompt.setAttribute("aria-invalid", "true");
}

export function sending(form) {
  const { prompt, error } = parts(form);
  error.replaceChildren();
  prompt.removeAttribute("aria-invalid");
  form.dataset.tried = "";
  prompt.readOnly = true;
}

export function sent(form) {
  const { prompt } = parts(form);
  prompt.value = "";
  delete form.dataset.tried;
  form.elements.idempotency_key.value = newKey();
  measure(form);
  prompt.focus({ preventScroll: true });
}

// `root` is what the forms are in: a document, or a part of one.
export function listen(root) {
  root.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || !(event.ctrlKey || event.metaKey) || event.isComposing) return;
    const form = event.target.closest(FORM);
    if (!form || event.repeat) return;
    event.preventDefault();
    if (!form.querySelector("button[type=submit]").disabled) form.requestSubmit();
  });

  root.addEventListener("input", (event) => {
    const form = event.target.closest(FORM);
    if (!form) return;
    measure(form);
    // The same words sent again are one question, whose answer may have been lost on the way; other words are another.
    if (form.dataset.tried === undefined) return;
    delete form.dataset.tried;
    form.elements.idempotency_key.value = newKey();
  });

  for (const form of root.querySelectorAll(FORM)) measure(form);
}
