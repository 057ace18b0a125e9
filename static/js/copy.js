// Copying in our own pages.

import { CAN_COPY, addButtons, listen } from "./copying.js";

listen(document, (sentence) => (document.getElementById("announcer").textContent = sentence));

// Where there is no clipboard, this makes copying by hand a matter of one key.
document.addEventListener("focusin", ({ target }) => {
  if (target.matches("[data-select]")) target.select();
});

if (CAN_COPY) {
  document.addEventListener("htmx:after:process", (event) => addButtons(event.target));
  addButtons(document);
} else {
  document.documentElement.dataset.clipboard = "none";
}
