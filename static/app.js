// Every page works without this file.
"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// <p data-count="textarea-id" data-unit="words|characters" data-phrase="{n} of 800 words">
function countIn(line) {
  const source = document.getElementById(line.dataset.count);
  const show = () => {
    const text = source.value.trim();
    const n = line.dataset.unit === "words" ? text.split(/\s+/).filter(Boolean).length : [...text].length;
    line.textContent = line.dataset.phrase.replace("{n}", n);
  };
  source.addEventListener("input", show);
  show();
}

// <form data-keep="name">: typed text survives a closed tab; kept by person, as computers are shared.
function keep(form) {
  const key = ["keep", document.body.dataset.person, location.pathname, form.dataset.keep].join(":");
  const fields = all("textarea[name], input[type=text][name]", form);
  const kept = JSON.parse(localStorage.getItem(key) || "{}");
  let changed = false;
  for (const field of fields) {
    const entry = kept[field.name]; // stale once the server's text has changed
    if (!entry || entry.from !== field.defaultValue || entry.text === field.value) continue;
    field.value = entry.text;
    changed = true;
    all("[data-kept]", form).forEach((note) => { note.hidden = false; });
  }
  form.addEventListener("input", () => {
    changed = true;
    for (const field of fields) kept[field.name] = { from: field.defaultValue, text: field.value };
    localStorage.setItem(key, JSON.stringify(kept));
  });
  form.addEventListener("submit", () => {
    changed = false;
    sessionStorage.setItem("sent", key); // kept until a page says that it arrived
  });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// <ol data-reorder="form-id"><li data-item="5">: a drop posts order=7,5,6 with that form.
function reorder(list) {
  const { order } = document.getElementById(list.dataset.reorder).elements;
  const items = () => [...list.children]; // lists may stand in items of others
  const sequence = () => items().map((item) => item.dataset.item).join();
  const before = sequence();
  let held;
  items().forEach((item) => { item.draggable = true; });
  list.addEventListener("dragstart", (event) => {
    held = items().find((item) => item === event.target);
    held?.classList.add("dragging");
  });
  list.addEventListener("dragover", (event) => {
    const over = items().find((item) => item.contains(event.target));
    if (!held || !over) return;
    event.preventDefault();
    const { top, height } = over.getBoundingClientRect();
    if (over !== held) over[event.clientY > top + height / 2 ? "after" : "before"](held);
  });
  list.addEventListener("dragend", () => {
    if (!held) return;
    held = held.classList.remove("dragging");
    order.value = sequence();
    order.disabled = order.value === before;
    if (!order.disabled) order.form.requestSubmit();
  });
}

// <div id="job" data-poll="/jobs/5">: replaced by its successor until that has no data-poll.
function poll(block) {
  setTimeout(async () => {
    try {
      const answer = await fetch(block.dataset.poll);
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = block.id ? page.getElementById(block.id) : page.body.firstElementChild;
      if (!answer.ok || !fresh) return;
      block.replaceWith(fresh);
      if (fresh.dataset.poll) poll(fresh);
    } catch { poll(block); }
  }, 2000);
}

// Text that was typed belongs to one person: whoever comes after her must not find it.
function forgetTyped(mine) {
  for (const key of Object.keys(localStorage)) if (key.startsWith("keep:") && !(mine && key.startsWith(mine))) localStorage.removeItem(key);
}
function closeMenus(target) {
  all("details[data-menu][open]").forEach((menu) => { menu.open = menu.contains(target); });
}
// The page after a form was sent: what it holds is forgotten only where that page says that it arrived.
if (document.querySelector("[role=status] .note:is(.ok, .info)")) localStorage.removeItem(sessionStorage.getItem("sent"));
sessionStorage.removeItem("sent");
addEventListener("submit", () => sessionStorage.removeItem("sent"), true); // before keep() writes its own
// Somebody else has signed in on this computer; who signs in again finds what she typed.
if (document.body.dataset.person) forgetTyped(`keep:${document.body.dataset.person}:`);
all("form[data-keep]").forEach(keep);
all("[data-count]").forEach(countIn);
all("[data-reorder]").forEach(reorder);
all("[data-poll]").forEach(poll);
all("[data-focus]").forEach((block) => block.focus());
all("form[data-forget]").forEach((form) => form.addEventListener("submit", (event) => event.defaultPrevented || forgetTyped()));
addEventListener("click", (event) => closeMenus(event.target));
addEventListener("keydown", (event) => {
  if (event.key === "Escape") closeMenus(null);
  if (event.key !== "/" || document.documentElement.dataset.keys || event.ctrlKey || event.metaKey || event.altKey || event.target.closest?.("input, textarea, select")) return;
  event.preventDefault();
  const field = all("[data-find]").find((input) => input.offsetParent);
  if (field) field.focus(); else location.href = "/search";
});
