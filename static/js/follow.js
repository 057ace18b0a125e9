// Keeps the end of a growing answer in view, but only for a reader who is at the end already.

const NEAR = 64; // px

let following = false;
let lastY = window.scrollY;
let watched = null;

function distance() {
  return document.documentElement.scrollHeight - window.innerHeight - window.scrollY;
}

function toEnd() {
  window.scrollTo({ top: document.documentElement.scrollHeight, behavior: "instant" });
}

// Growth moves the end away without a scroll event, so going up is the only sign that the reader wants to stay.
window.addEventListener(
  "scroll",
  () => {
    if (distance() <= NEAR) following = true;
    else if (window.scrollY < lastY) following = false;
    lastY = window.scrollY;
  },
  { passive: true },
);

const growth = new ResizeObserver(() => {
  // Who holds a button down is selecting: the text must not run away under the pointer.
  if (following && !document.documentElement.matches(":active")) toEnd();
});

function watch() {
  const generations = document.getElementById("generations");
  if (generations === watched) return;
  growth.disconnect();
  watched = generations;
  following = Boolean(generations) && distance() <= NEAR;
  if (generations) growth.observe(generations);
}

// What one has just asked is where one looks. From the first page the form itself is swapped away, and htmx then names
// another element as the source: that the answers have come is told by the page having them.
document.addEventListener("htmx:finally:request", ({ detail: { ctx } }) => {
  const arrived = watched !== document.getElementById("generations");
  const followUp = ctx.sourceElement.matches?.("form.composer") && ctx.status === "swapped" && ctx.response.status < 400;
  if (!arrived && !followUp) return;
  watch();
  following = true;
  toEnd();
});

watch();
