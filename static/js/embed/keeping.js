// Which conversation was begun where, for as long as the tab is open: in the page's own storage.

import { person } from "./passes.js";

function name(element) {
  return `genapp ${element.id} ${person(element.pass?.token ?? "")}`;
}

// "" where there is none, and where the browser keeps nothing.
export function recall(element) {
  try {
    return sessionStorage.getItem(name(element)) ?? "";
  } catch {
    return "";
  }
}

export function keep(element, id) {
  try {
    if (id) sessionStorage.setItem(name(element), id);
    else sessionStorage.removeItem(name(element));
  } catch {
    // Then a reload begins anew.
  }
}
