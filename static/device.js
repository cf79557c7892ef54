// The page "On this device": what waits to be sent, and what is kept.
"use strict";
{
  const { ask, show, asDate } = typeof offline === "undefined" ? {} : offline; // not there for those who are not signed in
  const device = document.getElementById("device");
  const plain = (title) => new DOMParser().parseFromString(title, "text/html").body.textContent.replace(/ · Aula Sur$/, "");
  const shape = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

  // Fills a section: its list, and the words for nothing and for something.
  function fill(id, items, some = items.length) {
    const section = document.getElementById(id);
    section.querySelector("[data-list]").replaceChildren(...items);
    all("[data-empty]", section).forEach((words) => { words.hidden = items.length > 0; });
    all("[data-some]", section).forEach((words) => { words.hidden = !some; });
  }

  function formCard(form) {
    const card = shape("a-form"), find = (name) => card.querySelector(`[${name}]`), words = device.dataset;
    const put = (name, text) => {
      find(name).hidden = !text;
      (find(name).querySelector(".typed") || find(name)).textContent = text;
    };
    const texts = form.fields.filter(([name, value]) => name === "text" && typeof value === "string");
    const files = form.fields.filter(([, value]) => value instanceof File && value.name).map(([, file]) => file.name);
    const draft = form.then === "draft" ? ` · ${words.draft}` : "";
    find("data-title").textContent = plain(form.title) || form.url;
    find("data-note").textContent = words.unsent.replace("{date}", asDate(form.at)) + draft;
    put("data-reason", form.reason);
    put("data-mine", texts.map(([, text]) => text).join("\n"));
    put("data-theirs", form.present?.text || "");
    put("data-files", files.length ? words.files.replace("{names}", files.join(", ")) : "");
    card.querySelector("[data-do=replace]").hidden = !form.present;
    card.querySelector("[data-do=again]").hidden = form.state !== "refused" || Boolean(form.present);
    all("button", card).forEach((button) => button.addEventListener("click", () => decide(button, form.key)));
    return card;
  }

  async function decide(button, key) {
    const { sure } = button.dataset;
    if (sure && button.textContent !== sure) {
      button.textContent = sure;
      return;
    }
    await ask("decide", { key, choice: button.dataset.do });
    if (!sure) await ask("send");
    await draw();
  }

  function pageLine({ key, url, title, bytes, at }) {
    const item = shape("a-page"), [link, note, button] = item.querySelectorAll("a, .num, button"), name = plain(title);
    Object.assign(link, { href: url, textContent: name });
    const [amount, unit] = bytes < 1e6 ? [Math.ceil(bytes / 1e3), "kilobyte"] : [bytes / 1e6, "megabyte"];
    const size = amount.toLocaleString(document.documentElement.lang, { style: "unit", unit, maximumFractionDigits: 1 });
    note.textContent = device.dataset.weight.replace("{size}", size).replace("{date}", asDate(at));
    button.querySelector(".hide").textContent = `: ${name}`;
    button.addEventListener("click", async () => {
      await ask("drop", { key, url });
      await draw();
    });
    return item;
  }

  async function draw() {
    const found = await ask("everything");
    if (!found) return;
    fill("waiting", found.forms.map(formCard), found.forms.some((form) => form.state === "waiting"));
    fill("modules", found.modules.map(pageLine));
    fill("pages", found.pages.map(pageLine));
    show(await ask("state"));
    document.getElementById("unable").hidden = true;
    device.hidden = false;
  }

  document.getElementById("missing").hidden = location.pathname === "/offline";
  document.getElementById("full").hidden = location.search !== "?full";
  if (ask && navigator.serviceWorker) {
    navigator.serviceWorker.addEventListener("message", ({ data }) => { if (data.sent || data.forget) draw(); });
    all("[data-do=send]", device).forEach((button) => button.addEventListener("click", () => ask("send").then(draw)));
    all("[data-do=empty]", device).forEach((button) => button.addEventListener("click", () => ask("empty").then(draw)));
    draw();
  }
}
