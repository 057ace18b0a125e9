// What a screen reader is told of answers: that one has begun, how it ended, and the notices beside it. The words themselves
// are not a live region: spoken as they arrive, they would never stop.

const SENTENCES = {
  queued: "Answering…",
  processing: "Answering…",
  completed: "Answer finished.",
  cancelled: "Answer stopped.",
  failed: "Answer failed.",
};

const said = new WeakMap(); // where an article is → its id → the sentences last said about it: its status, its notice

function sentences(article) {
  return [SENTENCES[article.dataset.status], article.querySelector(".generation__notice")?.textContent ?? ""];
}

// A countdown is one notice, not one each second.
function isNews(sentence, before = "") {
  return sentence.replace(/\d+/g, "") !== before.replace(/\d+/g, "");
}

// What is new about these articles since they were looked at; "" for nothing.
export function news(articles, place = document) {
  if (!said.has(place)) said.set(place, new Map());
  const known = said.get(place);
  let told = "";
  for (const article of articles) {
    const before = known.get(article.id) ?? [];
    const now = sentences(article);
    told = now.filter((sentence, index) => sentence && isNews(sentence, before[index])).join(" ") || told;
    known.set(article.id, now);
  }
  return told;
}
