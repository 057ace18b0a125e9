// What a reader keeps while an article changes under them: the newest words, the selection, the focus, and the word of
// what was pressed.

const ARTICLE = "article[data-status]";
const WORKING = "[data-status=queued], [data-status=processing]";
const FORM = ".generation__form";

let focused = ""; // id of the article that holds the focus while it is replaced

document.addEventListener("htmx:before:swap", (event) => {
  const { ctx, tasks } = event.detail;
  focused = document.activeElement?.closest(ARTICLE)?.id ?? "";
  if (ctx.sourceElement.matches?.(FORM) && isOlder(ctx, tasks)) return event.preventDefault();
  for (const task of tasks) {
    if (task.type === "partial" && task.target?.matches?.(ARTICLE)) keepBlocks(task);
  }
});

// The answer to Stop was made a moment ago. The stream has brought more words since, and will bring the end.
function isOlder(ctx, tasks) {
  const incoming = tasks.find((task) => task.type === "main")?.fragment.querySelector(ARTICLE);
  return Boolean(incoming?.matches(WORKING) && ctx.sourceElement.closest(WORKING));
}

// Morphing leaves the blocks that are the same where they are, so that selected text stays selected.
function keepBlocks({ swapSpec, target }) {
  if (swapSpec.style === "outerHTML") swapSpec.style = "outerMorph";
  for (const button of target.querySelectorAll(".copy")) button.remove();
}

document.addEventListener("htmx:after:swap", () => {
  if (focused && document.activeElement === document.body) document.getElementById(focused)?.focus({ preventScroll: true });
});

// The end of an answer that has been followed leaves its words where they are.
document.addEventListener("htmx:after:process", ({ target }) => {
  if (target.matches?.("[data-ended]")) target.closest(ARTICLE).dataset.status = target.dataset.ended;
});

// The stop has been asked for, but the answer ends when the stream says so.
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const form = ctx.sourceElement;
  if (!form.matches?.(FORM)) return;
  if (!ctx.response) say(form, "The server could not be reached. Please try again.");
  else if (ctx.response.status < 400) form.dataset.sent = "";
});

function say(form, sentence) {
  const notice = document.createElement("p");
  notice.className = "notice";
  notice.textContent = sentence;
  form.closest(ARTICLE)?.querySelector("[role=alert]").replaceChildren(notice);
}
