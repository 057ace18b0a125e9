// Tells screen readers that an answer has begun and how it ended. The words themselves are not a live region: spoken
// as they arrive, they would never stop.

const SENTENCES = {
  queued: "Answering…",
  processing: "Answering…",
  completed: "Answer finished.",
  cancelled: "Answer stopped.",
  failed: "Answer failed.",
};

const said = new Map(); // article id → the sentence last said about it

function look(root, { aloud }) {
  const articles = [...root.querySelectorAll("article[data-status]")];
  if (root.matches?.("article[data-status]")) articles.push(root);
  for (const { id, dataset } of articles) {
    const sentence = SENTENCES[dataset.status];
    if (aloud && said.get(id) !== sentence) document.getElementById("announcer").textContent = sentence;
    said.set(id, sentence);
  }
}

look(document, { aloud: false });

// htmx processes what it has just put into the page; at the start that is the whole body, which is known already.
document.addEventListener("htmx:after:process", (event) => {
  if (event.target instanceof Element) look(event.target, { aloud: true });
});
