// Copying an answer, each of its code blocks once it is settled (the open one is still being replaced), and what stands in a
// field to be taken along.

const SHOWN_FOR = 2_000; // ms

// The word on the button is drawn by CSS (data-label), so that it is never part of the text that is copied.
function addButtons(root) {
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
  const source = document.getElementById(button.dataset.copy);
  return source.value ?? source.innerText;
}

document.addEventListener("click", async (event) => {
  const button = event.target.closest(".copy, [data-copy]");
  if (!button) return;
  const copied = await navigator.clipboard.writeText(textFor(button)).then(
    () => "Copied",
    () => "Could not copy",
  );
  button.dataset.label = copied;
  document.getElementById("announcer").textContent = `${copied}.`;
  setTimeout(() => (button.dataset.label = "Copy"), SHOWN_FOR);
});

// Where there is no clipboard, this makes copying by hand a matter of one key.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-select]")) target.select();
});

// The clipboard exists only on https and localhost.
if (navigator.clipboard) {
  document.addEventListener("htmx:after:process", (event) => addButtons(event.target));
  addButtons(document);
} else {
  document.documentElement.dataset.clipboard = "none";
}
