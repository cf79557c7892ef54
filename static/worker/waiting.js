// Part of the service worker: forms that wait until the line is back. Each has an id made here, by which the server does it exactly once.
"use strict";
const FORMS = CAMPUS.once.map((pattern) => new RegExp(pattern)); // addresses of forms that may wait
const AWAY = [502, 503, 504]; // the server, or what stands before it, is not there for now
const STAYS = [...AWAY, 429, 500, 507];
const underway = new Set(); // keys of forms that are on their way at this moment
let sending = null;

// A form that a person sends. It is written down first, so that it is still there should the line, the tab or the battery give up.
async function submit(request) {
  const person = await owner();
  if (!person) return fetch(request);
  const form = await request.formData();
  const entry = await entryOf(request, form, person);
  underway.add(entry.key);
  const isKept = weight(entry) <= CAMPUS.most && await line_up(entry).then(() => true, () => false);
  try {
    const headers = { accept: request.headers.get("accept"), "idempotency-key": entry.key };
    // Who has to sign in first is led back to the page that the form stands on.
    const answer = await fetch(request.url, { method: "POST", body: form, headers, redirect: "manual", referrer: request.referrer });
    if (!AWAY.includes(answer.status) || !isKept) {
      if (isKept) await remove("forms", entry.key);
      return answer;
    }
  } catch {
    if (!isKept) return Response.redirect("/offline?full", 303);
  } finally {
    underway.delete(entry.key);
  }
  registration.sync?.register("waiting").catch(() => {});
  await tell();
  return Response.redirect(entry.from, 303);
}

async function entryOf(request, form, person) {
  const page = new URL(request.referrer || "/offline", location.origin).pathname;
  const from = FORMS.some((form) => form.test(page)) ? page.replace(/\/[^/]*$/, "") : page; // a form that was shown again with its faults
  const fields = [...form].filter(([name]) => name !== "csrf_token");
  return {
    key: crypto.randomUUID(), person, url: new URL(request.url).pathname, from, title: await titleOf(from),
    fields, then: form.get("then") || "", at: Date.now(), state: "waiting", reason: "", present: null,
  };
}

const weight = (entry) => entry.fields.reduce((sum, [, value]) => sum + (value.size ?? value.length), 0);

// The newest form to an address replaces an older one that waits, but a draft does not replace what was handed in.
async function line_up(entry) {
  const older = (await rows("forms")).filter((other) => other.url === entry.url && other.state === "waiting" && !underway.has(other.key));
  const replaced = older.filter((other) => other.then !== "hand_in" || entry.then === "hand_in");
  await within("forms", "readwrite", (store) => {
    store.put(entry);
    replaced.forEach((other) => store.delete(other.key));
  });
}

// Sends what waits, the oldest first. One round at a time, whoever asks: there is one worker for all tabs.
function send() {
  sending ??= sendAll().then(async (sent) => {
    sending = null;
    await tell({ sent });
  });
  return sending;
}

async function sendAll() {
  let sent = 0;
  try {
    const waiting = (await rows("forms")).filter((entry) => entry.state === "waiting" && !underway.has(entry.key));
    if (waiting.length) await tell({ sending: true });
    for (const entry of waiting.sort((a, b) => a.at - b.at)) {
      const token = await freshToken(entry.person);
      if (!token) break;
      if (await sendOne(entry, token)) sent += 1;
    }
    await catchUp();
  } catch { /* no line: what was not sent waits on */ }
  return sent;
}

// A form token of now; none where nobody, or somebody else, is signed in: then everything here is forgotten.
async function freshToken(person) {
  const answer = await fetch("/offline/token", { headers: { accept: "application/json" }, cache: "no-store" });
  if (answer.status !== 401 && !answer.ok) throw new Error("away");
  const found = answer.ok ? await answer.json() : {};
  if (found.person === person) return found.token;
  await forgetAllBut(found.person || "");
  if (found.person) await begin(found.person);
  return "";
}

async function sendOne(entry, token) {
  const form = new FormData();
  form.append("csrf_token", token);
  entry.fields.forEach(([name, value]) => form.append(name, value));
  const when = era;
  underway.add(entry.key);
  try {
    const headers = { accept: "application/json", "idempotency-key": entry.key };
    const answer = await fetch(entry.url, { method: "POST", body: form, headers, redirect: "manual" });
    const problem = answer.ok ? {} : await answer.json().catch(() => ({}));
    if (when !== era) return answer.ok; // everything was forgotten meanwhile, this form too
    if (answer.ok) {
      await put("seen", { key: entry.from }); // its copy is out of date now
      await remove("forms", entry.key);
      return true;
    }
    if (STAYS.includes(answer.status) || problem.code === "still-working") throw new Error("away");
    if (answer.status !== 401) await put("forms", { ...entry, state: "refused", reason: problem.detail || "", present: problem.present || null });
    return false;
  } finally {
    underway.delete(entry.key);
  }
}

// What the person decided about a form that was refused: with `version` it goes in the place of what is on the server.
async function decide({ key, choice }) {
  const entry = await row("forms", key);
  if (!entry || underway.has(key)) return;
  if (choice === "discard") return remove("forms", key);
  const fields = entry.fields.filter(([name]) => choice !== "replace" || !["version", "keep"].includes(name));
  if (choice === "replace") {
    fields.push(["version", String(entry.present.version)], ...(entry.present.files || []).map((id) => ["keep", String(id)]));
  }
  await remove("forms", key);
  await put("forms", { ...entry, key: crypto.randomUUID(), fields, state: "waiting", reason: "", present: null });
}

// Pages that were read from their copy are opened once for the server, which notes that they were seen; and their copies are fresh again.
async function catchUp() {
  for (const { key } of await rows("seen")) {
    const when = era, answer = await fetch(key);
    await received(answer, key, when);
    await remove("seen", key);
  }
}

async function standing() {
  const found = (await rows("forms").catch(() => [])).filter((entry) => !underway.has(entry.key) || sending);
  const waiting = found.filter((entry) => entry.state === "waiting").length;
  return { waiting, refused: found.length - waiting, sending: Boolean(sending) };
}

async function tell(more = {}) {
  const state = { ...(await standing()), ...more };
  for (const client of await clients.matchAll({ includeUncontrolled: true })) client.postMessage(state);
}
