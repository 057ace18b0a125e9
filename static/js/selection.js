// Text that a reader has selected in an answer stays selected while the answer is written. Left to the browser it would
// not: the block being written is replaced when it settles, and the end of a selected paragraph lies in what follows it.

const CONTENT = ".prose";

let kept = null; // what is selected as a swap begins

// Where the selection lies, in characters of the answer's text; null where it begins outside of an answer.
function selected() {
  const selection = getSelection();
  if (selection.isCollapsed) return null;
  const range = selection.getRangeAt(0);
  const { startContainer: node, startOffset: offset } = range;
  const content = (node.nodeType === Node.TEXT_NODE ? node.parentElement : node).closest(CONTENT);
  if (!content) return null;
  const before = document.createRange();
  before.setStart(content, 0);
  before.setEnd(node, offset);
  const start = before.toString().length;
  const text = content.textContent.slice(start, start + range.toString().length);
  const backward = selection.anchorNode !== node || selection.anchorOffset !== offset;
  return { id: content.id, start, text, backward };
}

function restore({ id, start, text, backward }) {
  const content = document.getElementById(id);
  // A word may have become markup meanwhile, and another attempt begins with an empty answer.
  if (content?.textContent.slice(start, start + text.length) !== text) return;
  const ends = [boundary(content, start, 1), boundary(content, start + text.length, 0)];
  if (backward) ends.reverse();
  getSelection().setBaseAndExtent(...ends.flat());
}

// A place between two text nodes is the end of the first, or with `ahead` 1 the beginning of the second.
function boundary(content, characters, ahead) {
  const nodes = document.createTreeWalker(content, NodeFilter.SHOW_TEXT);
  let left = characters;
  for (let node = nodes.nextNode(); node; node = nodes.nextNode()) {
    if (left + ahead <= node.length) return [node, left];
    left -= node.length;
  }
  return [content, content.childNodes.length];
}

document.addEventListener("htmx:before:swap", () => {
  kept = selected();
});

// Sent at once after each change of a swap, before anything else can select or swap.
document.addEventListener("htmx:before:settle", () => {
  if (!kept) return;
  const now = selected();
  if (now?.start !== kept.start || now.text !== kept.text) restore(kept);
});
