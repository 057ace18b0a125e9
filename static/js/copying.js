// Copying an answer, each of its code blocks once it is settled (the open one is still being replaced), and what stands in a
// field to be taken along.

const SHOWN_FOR = 2_000; // ms

// The clipboard exists only on https and localhost.
export const CAN_COPY = Boolean(navigator.clipboard);

// The word on the button is drawn by CSS (data-label), so that it is never part of the text that is copied.
export function addButtons(root) {
  const blocks = [...root.querySelectorAll("pre")];
  if (root.matches?.("pre")) blocks.push(root);
  for (const pre of blocks) {
    if (pre.querySelector(".copy") || !pre.closest(".prose__settled")) continue;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "copy";
    button.dataset.label = "Copy";
    button.setAttribute("aria-label", "Copy this code");
    pre.prepend(button);
  }
}

function textFor(button) {
  if (button.matches(".copy")) return button.parentElement.textContent;
  const source = button.getRootNode().getElementById(button.dataset.copy);
  return source.value ?? source.innerText;
}

// In `root`; `say` is given the sentence about how it went.
export function listen(root, say) {
  root.addEventListener("click", async (event) => {
    const button = event.target.closest(".copy, [data-copy]");
    if (!button) return;
    const copied = await navigator.clipboard.writeText(textFor(button)).then(
      () => "Copied",
      () => "Could not copy",
    );
    button.dataset.label = copied;
    say(`${copied}.`);
    setTimeout(() => (button.dataset.label = "Copy"), SHOWN_FOR);
  });
}
