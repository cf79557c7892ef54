// Part of the service worker: copies of pages and files, in a cache that belongs to one person. The server says what may be kept:
// its header `Offline` is "7; keep" for a page of person 7 that may, "7; again" for one that may but holds a message that is shown once, "7" for
// one that may not, and "nobody" where nobody is signed in.
"use strict";
const STATIC = `static-${CAMPUS.version}`;
const KEPT = "kept-";
const PATIENCE = 4000; // milliseconds that a slow line has before the copy is shown
const MOST_VISITED = 60;
let era = 0; // how often everything was forgotten: what was asked for before belongs to somebody who has left

const keptName = async () => (await caches.keys()).find((name) => name.startsWith(KEPT));
const owner = async () => (await keptName())?.slice(KEPT.length);
const copyOf = async (url) => caches.match(url, { ignoreVary: true, cacheName: await keptName() || "none" });
const titleOf = async (url) => decodeURIComponent((await copyOf(url))?.headers.get("kept-title") || "");

async function prepare() {
  const cache = await caches.open(STATIC);
  for (const url of CAMPUS.assets) {
    const answer = await fetch(url);
    if (!isLasting(answer)) throw new Error("a server of another version answers"); // while one takes over from the other: later, then
    await cache.put(url, answer);
  }
  await cache.put("/offline", await fetch("/offline", { credentials: "omit" })); // nobody's: for those who are not signed in
}

// After an update: old assets go. Copies of pages ask for them still, and get their successors (`asset`).
async function tidy() {
  const old = (await caches.keys()).filter((name) => name.startsWith("static-") && name !== STATIC);
  await Promise.all(old.map((name) => caches.delete(name)));
  if (old.length) await ownFrame();
}

// The page "On this device" with the person's own language and menu.
async function ownFrame() {
  const when = era;
  await received(await fetch("/offline"), "/offline", when);
}

async function asset(request) {
  const cache = await caches.open(STATIC), found = await cache.match(request);
  if (found) return found;
  try {
    const answer = await fetch(request);
    if (isLasting(answer)) await cache.put(request, answer.clone()).catch(() => {});
    return answer;
  } catch (error) {
    const name = nameOf(request.url), successor = (await cache.keys()).find((key) => nameOf(key.url) === name);
    if (successor) return cache.match(successor);
    throw error;
  }
}

const isLasting = (answer) => answer.ok && (answer.headers.get("cache-control") || "").includes("immutable");
const nameOf = (url) => new URL(url).pathname.split("/").slice(3).join("/"); // /static/<hash>/name

// The network first, for as long as the person has patience; then the copy, or the page that says what there is.
async function page(event) {
  const { request } = event, when = era, copy = await copyOf(request.url), isLater = request.headers.has("offline");
  const asked = fetch(request).then((answer) => received(answer, request.url, when, isLater));
  event.waitUntil(asked.catch(() => {}));
  try {
    const answer = await (copy && !isLater ? Promise.race([asked, new Promise((resolve) => { setTimeout(resolve, PATIENCE); })]) : asked);
    if (answer && !(copy && AWAY.includes(answer.status))) return answer;
  } catch { /* no line */ }
  if (copy && !isLater) return shown(copy, request.url);
  if (request.mode !== "navigate") return Response.error();
  return (await copyOf("/offline")) || (await nobodysFrame()) || Response.error();
}

const nobodysFrame = () => caches.match("/offline", { cacheName: STATIC, ignoreVary: true });

// Looks at whose page came, forgets those of others, and keeps it where it may be kept. Waits for that where it was asked for later.
async function received(answer, url, when, isLater = false) {
  const [person, word] = (answer.headers.get("offline") || "").split("; ");
  const name = await keptName();
  if (!person || when !== era) return answer;
  if (name && name !== KEPT + person) await forgetAllBut(person);
  if (person === "nobody") return answer;
  if (name !== KEPT + person) await begin(person);
  if (word === "again") fetch(url, { headers: { offline: "keep" } }).then((fresh) => received(fresh, url, when)).catch(() => {});
  if (word !== "keep" || answer.status !== 200 || answer.redirected) return answer;
  const stored = keepCopy(KEPT + person, url, answer.clone(), era);
  if (isLater) return stored.then(() => answer, () => new Response(null, { status: 507 }));
  stored.catch(() => {}); // full: then it is not kept
  return answer;
}

async function begin(person) {
  await caches.open(KEPT + person);
  ownFrame().catch(() => {});
}

async function keepCopy(name, url, answer, when) {
  const body = await answer.blob(), headers = new Headers(answer.headers);
  const title = body.type.startsWith("text/html") ? /<title>([^<]*)<\/title>/.exec(await body.text())?.[1] || "" : "";
  ["content-encoding", "content-length"].forEach((header) => headers.delete(header));
  headers.set("kept-at", new Date().toISOString());
  headers.set("kept-bytes", body.size);
  headers.set("kept-title", encodeURIComponent(title));
  if (when !== era) return;
  await (await caches.open(name)).put(url, new Response(body, { headers }));
  if (when !== era) await caches.delete(name);
  else await prune(name);
}

// Visited pages go when there are too many, the oldest first; what was kept on purpose stays.
async function prune(name) {
  const wanted = new Set(["/offline", ...(await rows("modules")).flatMap((module) => [module.url, ...module.addresses])]);
  const cache = await caches.open(name);
  const visited = (await cache.keys()).filter((key) => !wanted.has(new URL(key.url).pathname));
  await Promise.all(visited.slice(0, -MOST_VISITED).map((key) => cache.delete(key)));
}

async function shown(copy, url) {
  const { pathname } = new URL(url);
  if (pathname === "/offline" || !(copy.headers.get("content-type") || "").startsWith("text/html")) return copy;
  await put("seen", { key: pathname }).catch(() => {});
  const text = (await copy.text()).replace("<body", `<body data-kept-at="${copy.headers.get("kept-at")}"`);
  return new Response(text, { headers: copy.headers });
}

// Somebody signed out, a session ended, or another person signed in: nothing private stays.
async function forgetAllBut(person) {
  const copies = (await caches.keys()).filter((name) => name.startsWith(KEPT) && name !== KEPT + person);
  if (person && !copies.length) return; // it has been done, by what else found out
  era += 1;
  await Promise.all([clearAll().catch(() => {}), ...copies.map((name) => caches.delete(name))]);
  await tell({ forget: true });
}

async function leave(request) {
  await forgetAllBut("");
  try {
    return await fetch(request);
  } catch {
    return (await nobodysFrame()) || Response.error();
  }
}

// For the page "On this device".
async function everything() {
  const modules = await rows("modules"), found = { modules: [], pages: [], forms: await rows("forms") };
  const held = new Set(modules.flatMap((module) => module.addresses));
  const name = await keptName(), cache = name && await caches.open(name), sizes = new Map();
  for (const key of cache ? await cache.keys() : []) {
    const { pathname } = new URL(key.url), { headers } = await cache.match(key, { ignoreVary: true });
    const bytes = Number(headers.get("kept-bytes"));
    sizes.set(pathname, bytes);
    if (held.has(pathname) || pathname === "/offline") continue;
    found.pages.push({ url: pathname, bytes, at: headers.get("kept-at"), title: decodeURIComponent(headers.get("kept-title")) || pathname });
  }
  found.modules = modules.map((module) => ({ ...module, bytes: module.addresses.reduce((sum, url) => sum + (sizes.get(url) || 0), 0) }));
  return found;
}

async function drop({ key, url }) {
  const name = await keptName(), module = key && await row("modules", key);
  if (module) await remove("modules", key);
  const others = new Set((await rows("modules")).flatMap((other) => other.addresses));
  const cache = name && await caches.open(name);
  for (const address of module ? module.addresses : [url]) {
    if (cache && address && !others.has(address)) await cache.delete(address, { ignoreVary: true });
  }
}

async function empty() {
  const name = await keptName();
  await within(["modules", "seen"], "readwrite", (...stores) => { stores.forEach((store) => store.clear()); });
  const cache = name && await caches.open(name);
  for (const key of cache ? await cache.keys() : []) if (new URL(key.url).pathname !== "/offline") await cache.delete(key, { ignoreVary: true });
}
