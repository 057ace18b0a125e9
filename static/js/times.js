// The reader's own times in our own pages.

import { localise } from "./localising.js";

document.addEventListener("htmx:after:process", ({ target }) => localise(target));
localise(document);
