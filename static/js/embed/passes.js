// Who looks at an embedded part: a token of the page's own server, and how another one is had when it is over. No cookie is
// sent or kept, so that it is all the same whether the browser blocks those of others.

export const SITE = new URL(import.meta.url).origin;

const HEADERS = "[hx-headers], [hx-headers\\:inherited], [data-hx-headers], [data-hx-headers\\:inherited]";

// `holder` is the element that has the token: by an attribute of its own, or as the header that the page gives htmx.
export class Pass {
  constructor(holder) {
    this.holder = holder;
  }

  get token() {
    return this.given || this.holder.getAttribute("token") || fromHeaders(this.holder) || "";
  }

  // Fetch from this site as who the token says. A token that is refused is renewed, once.
  async request(path, options = {}) {
    let token = this.token || (await this.renew(""));
    let response = await send(path, token, options);
    if (response.status !== 401) return response;
    const renewed = await this.renew(token);
    return renewed && renewed !== token ? send(path, renewed, options) : response;
  }

  // Give another token than `used`; "" where none is to be had. Several who ask at once wait for the same one.
  renew(used) {
    if (this.token !== used) return this.token;
    this.renewing ??= this.another().finally(() => (this.renewing = null));
    return this.renewing;
  }

  async another() {
    const url = this.holder.closest("[token-url], [data-token-url]");
    const address = url?.getAttribute("token-url") ?? url?.dataset.tokenUrl;
    try {
      this.given = address ? await fetched(address) : await this.asked();
    } catch {
      return "";
    }
    return this.token;
  }

  async asked() {
    const before = this.token;
    let answer;
    const renew = (token) => (answer = token);
    const event = new CustomEvent("genapp:token-expired", { bubbles: true, composed: true, detail: { renew } });
    this.holder.dispatchEvent(event);
    const token = await answer;
    return token || (this.token === before ? "" : this.token);
  }
}

// By the page's own cookies: its server knows who this is.
async function fetched(address) {
  const response = await fetch(address, { cache: "no-store" });
  return response.ok ? (await response.text()).trim() : "";
}

function fromHeaders(element) {
  const place = element.closest(HEADERS);
  for (const name of ["hx-headers", "hx-headers:inherited", "data-hx-headers", "data-hx-headers:inherited"]) {
    const headers = place?.getAttribute(name);
    if (headers) return /["']?authorization["']?\s*:\s*["']bearer\s+([^"'\s]+)/i.exec(headers)?.[1];
  }
}

function send(path, token, options) {
  const headers = { "HX-Request": "true", Accept: "text/html", ...options.headers, Authorization: `Bearer ${token}` };
  return fetch(new URL(path, SITE), { ...options, headers, credentials: "omit", cache: "no-store" });
}

// Whom a token is about: those of one person share a connection. Only the server can say whether it is true.
export function person(token) {
  const [header, claims] = token.split(".").map(read);
  return header && claims ? JSON.stringify([header.kid, claims.sub]) : token;
}

function read(part) {
  try {
    const bytes = Uint8Array.from(atob(part.replaceAll("-", "+").replaceAll("_", "/")), (one) => one.charCodeAt(0));
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return null;
  }
}
