// Times as the reader's own clock and language have them. The server writes them in UTC.

const LOCAL = "time[data-local]";

function words(moment) {
  const now = new Date();
  const time = { hour: "2-digit", minute: "2-digit" };
  const day = { day: "numeric", month: "short" };
  if (moment.toDateString() === now.toDateString()) return moment.toLocaleTimeString([], time);
  if (moment.getFullYear() === now.getFullYear()) return moment.toLocaleString([], { ...day, ...time });
  return moment.toLocaleDateString([], { ...day, year: "numeric" });
}

export function localise(root) {
  for (const element of root.querySelectorAll(LOCAL)) {
    const moment = new Date(element.dateTime);
    element.title = moment.toLocaleString([], { dateStyle: "full", timeStyle: "long" });
    element.textContent = words(moment);
  }
}
