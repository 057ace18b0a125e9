// Tells screen readers in our own pages how answers begin and end.

import { news } from "./announcing.js";

const ARTICLE = "article[data-status]";
const NEWS = `${ARTICLE}, .generation__live, [data-ended]`;

news(document.querySelectorAll(ARTICLE));

// htmx processes what it has just put into the page; at the start that is the whole body, which is known already.
document.addEventListener("htmx:after:process", ({ target }) => {
  if (!(target instanceof Element)) return;
  const concerned = target.matches(NEWS) ? [target.closest(ARTICLE)] : target.querySelectorAll(ARTICLE);
  const told = news(concerned);
  if (told) document.getElementById("announcer").textContent = told;
});
