// Progressive enhancement only: every page works without this file. Contracts are described in templates/components/.
"use strict";
const all = (selector, root = document) => [...root.querySelectorAll(selector)];

// <p data-count="textarea-id" data-unit="words|characters" data-phrase="{n} of 800 words">
function countIn(line) {
  const source = document.getElementById(line.dataset.count);
  if (!source) return;
  const show = () => {
    const text = source.value.trim();
    const n = line.dataset.unit === "words" ? (text ? text.split(/\s+/).length : 0) : [...text].length;
    line.textContent = line.dataset.phrase.replace("{n}", n.toLocaleString(document.documentElement.lang));
  };
  source.addEventListener("input", show);
  show();
}

// <form data-keep="name">: what was typed survives a lost connection or a closed tab, until the form is sent.
// The key holds the person, so nobody on a shared computer meets another's text.
function keep(form) {
  const key = ["keep", document.body.dataset.person || "", location.pathname, form.dataset.keep].join(":");
  const fields = all("textarea[name], input[type=text][name]", form);
  let changed = false;
  const kept = JSON.parse(localStorage.getItem(key) || "{}");
  for (const field of fields) {
    // A text that the server has changed since is newer than ours: leave it.
    const entry = kept[field.name];
    if (entry && entry.from === field.defaultValue && entry.text !== field.value) {
      field.value = entry.text;
      field.dispatchEvent(new Event("input"));
      changed = true;
      all("[data-kept]", form).forEach((note) => { note.hidden = false; });
    }
  }
  form.addEventListener("input", () => {
    changed = true;
    const entries = fields.map((field) => [field.name, { from: field.defaultValue, text: field.value }]);
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(entries)));
  });
  form.addEventListener("submit", () => {
    changed = false;
    if (navigator.onLine) localStorage.removeItem(key);
  });
  addEventListener("beforeunload", (event) => { if (changed) event.preventDefault(); });
}

// <ol data-reorder="form-id"><li data-item="5">: dropping posts order=7,5,6 with the hidden form.
function reorder(list) {
  const form = document.getElementById(list.dataset.reorder);
  let held = null;
  const order = () => all("[data-item]", list).map((item) => item.dataset.item).join(",");
  let before = order();
  all("[data-item]", list).forEach((item) => { item.draggable = true; });
  list.addEventListener("dragstart", (event) => {
    held = event.target.closest("[data-item]");
    if (held) held.classList.add("dragging");
  });
  list.addEventListener("dragover", (event) => {
    const over = event.target.closest("[data-item]");
    if (!held || !over || !list.contains(over)) return;
    event.preventDefault();
    const box = over.getBoundingClientRect();
    if (over !== held) over[event.clientY > box.top + box.height / 2 ? "after" : "before"](held);
  });
  list.addEventListener("drop", (event) => event.preventDefault());
  list.addEventListener("dragend", () => {
    if (!held) return;
    held.classList.remove("dragging");
    held = null;
    if (order() === before) return;
    before = form.elements.order.value = order();
    form.elements.order.disabled = false;
    form.requestSubmit();
  });
}

// <div id="job" data-poll="/jobs/5">: replaced every two seconds by the same element of the answer, until that has no data-poll.
function poll(block) {
  setTimeout(async () => {
    try {
      const answer = await fetch(block.dataset.poll, { headers: { Accept: "text/html" } });
      const page = new DOMParser().parseFromString(await answer.text(), "text/html");
      const fresh = (block.id && page.getElementById(block.id)) || (answer.ok && page.body.firstElementChild);
      if (!answer.ok || !fresh) return;
      block.replaceWith(fresh);
      if (fresh.dataset.poll) poll(fresh);
    } catch { poll(block); }
  }, 2000);
}

all("[data-count]").forEach(countIn);
all("form[data-keep]").forEach(keep);
all("[data-reorder]").forEach(reorder);
all("[data-poll]").forEach(poll);
all("[data-focus]").forEach((block) => block.focus());
all("form[data-forget]").forEach((form) => form.addEventListener("submit", () => {
  Object.keys(localStorage).filter((key) => key.startsWith("keep:")).forEach((key) => localStorage.removeItem(key));
}));
addEventListener("click", (event) => all("details[data-menu][open]").forEach((menu) => { if (!menu.contains(event.target)) menu.open = false; }));
addEventListener("keydown", (event) => { if (event.key === "Escape") all("details[data-menu][open]").forEach((menu) => { menu.open = false; menu.querySelector("summary").focus(); }); });
