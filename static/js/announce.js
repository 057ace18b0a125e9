// Tells screen readers that an answer has begun, how it ended, and the notices beside it. The words themselves are not
// a live region: spoken as they arrive, they would never stop.

const ARTICLE = "article[data-status]";
const NOTE = ".generation__live";

const SENTENCES = {
  queued: "Answering…",
  processing: "Answering…",
  completed: "Answer finished.",
  cancelled: "Answer stopped.",
  failed: "Answer failed.",
};

const said = new Map(); // article id → the sentences last said about it: its status, its notice

function sentences(article) {
  return [SENTENCES[article.dataset.status], article.querySelector(".generation__notice")?.textContent ?? ""];
}

// A countdown is one notice, not one each second.
function isNews(sentence, before = "") {
  return sentence.replace(/\d+/g, "") !== before.replace(/\d+/g, "");
}

function look(articles, { aloud }) {
  for (const article of articles) {
    const before = said.get(article.id) ?? [];
    const now = sentences(article);
    const news = now.filter((sentence, place) => sentence && isNews(sentence, before[place]));
    if (aloud && news.length) document.getElementById("announcer").textContent = news.join(" ");
    said.set(article.id, now);
  }
}

look(document.querySelectorAll(ARTICLE), { aloud: false });

// htmx processes what it has just put into the page; at the start that is the whole body, which is known already.
document.addEventListener("htmx:after:process", ({ target }) => {
  if (!(target instanceof Element)) return;
  const concerned = target.matches(`${ARTICLE}, ${NOTE}`) ? [target.closest(ARTICLE)] : target.querySelectorAll(ARTICLE);
  look(concerned, { aloud: true });
});
