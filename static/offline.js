// The campus without a line: starts the worker (/sw.js), says how things stand with it, and keeps modules. Every page works without this file.
"use strict";
const offline = (() => {
  const line = document.getElementById("line");
  const { keptAt } = document.body.dataset, wasOnline = navigator.onLine;
  const asDate = (time) => new Date(time).toLocaleString(document.documentElement.lang, { dateStyle: "long", timeStyle: "short" });

  // Asks the worker for a deed (see worker.js) and answers what it answers.
  async function ask(deed, more = {}) {
    const { active } = await navigator.serviceWorker.ready, { port1, port2 } = new MessageChannel();
    return new Promise((resolve) => {
      port1.onmessage = (event) => resolve(event.data);
      active.postMessage({ deed, ...more }, [port2]);
    });
  }

  let stands = {};
  function show(state = stands) {
    stands = { ...state, sent: state.sent || stands.sent };
    const words = line.dataset, said = [];
    if (!navigator.onLine) said.push(words.offline);
    else if (keptAt && wasOnline) said.push(words.slow);
    if (keptAt) said.push(words.asOf.replace("{date}", asDate(keptAt)));
    if (state.sending) said.push(words.sending);
    else if (state.waiting) said.push((state.waiting === 1 ? words.one : words.many).replace("{n}", state.waiting));
    else if (stands.sent) said.push(words.sent);
    if (state.refused) said.push(words.refused);
    line.textContent = said.join(" ");
    if (state.waiting || state.refused) add("/offline", words.look);
    else if ((stands.sent || keptAt) && navigator.onLine) add(location.href, words.again);
  }

  function add(href, text) {
    const link = document.createElement("a");
    Object.assign(link, { href, textContent: text });
    link.addEventListener("click", (event) => {
      if (href !== location.href) return;
      event.preventDefault();
      location.reload();
    });
    line.append(" ", link);
  }

  // <div data-keep-module="12" data-addresses="/learn/X/1 /learn/X/1/file" …>: a button that keeps them, and one that removes them.
  function offer(block, kept) {
    const [keeps, drops] = all("button", block), said = block.querySelector("output"), { dataset } = block;
    const key = `module:${dataset.keepModule}`, addresses = [...dataset.addresses.split(" "), location.pathname];
    const settle = (isKept, words = "") => {
      keeps.hidden = isKept;
      drops.hidden = !isKept;
      said.textContent = isKept ? dataset.isKept : words;
    };
    keeps.addEventListener("click", async () => {
      keeps.disabled = true;
      const whole = [...addresses], isWhole = await fetchAll(whole, (n, total) => {
        said.textContent = dataset.keeping.replace("{n}", n).replace("{total}", total);
      });
      keeps.disabled = false;
      if (isWhole) await ask("kept", { module: { key, addresses: whole, title: dataset.title, url: location.pathname, at: Date.now() } });
      settle(isWhole, dataset.failed);
    });
    drops.addEventListener("click", async () => {
      await ask("drop", { key });
      settle(false);
    });
    settle(kept.some((module) => module.key === key));
    block.hidden = false;
  }

  // One after another: a slow line carries one thing well and five badly. Pages bring along the addresses of the pictures in their texts.
  async function fetchAll(addresses, progress) {
    const needed = addresses.length;
    for (let n = 0; n < addresses.length; n += 1) {
      progress(n + 1, addresses.length);
      try {
        const answer = await fetch(addresses[n], { headers: { offline: "keep" } }); // which tells that nobody looks at it now
        if (answer.redirected || (!answer.ok && n < needed)) return false;
        const isPage = answer.headers.get("content-type").startsWith("text/html");
        const body = isPage ? new DOMParser().parseFromString(await answer.text(), "text/html") : await answer.blob();
        if (isPage) addresses.push(...all(".read img[src^='/']", body).map((picture) => picture.getAttribute("src")));
      } catch { return false; }
    }
    return true;
  }

  async function begin() {
    const worker = navigator.serviceWorker, isFirst = !worker.controller;
    worker.addEventListener("message", ({ data }) => show(data));
    await worker.register("/sw.js");
    show(await ask("state") || {});
    if (navigator.onLine) ask("send");
    await new Promise((resolve) => { if (worker.controller) resolve(); else worker.addEventListener("controllerchange", resolve); });
    const modules = all("[data-keep-module]"), kept = modules.length ? await ask("modules") || [] : [];
    modules.forEach((block) => offer(block, kept));
    if (isFirst) await fetch(location.href, { headers: { offline: "keep" } }); // this page came before the worker
  }

  if (navigator.serviceWorker && line) {
    addEventListener("offline", () => show());
    addEventListener("online", () => { show(); ask("send"); });
    all("form[action^='/sign-out']").forEach((form) => form.addEventListener("submit", (event) => {
      if ((stands.waiting || stands.refused) && !confirm(line.dataset.leave)) event.preventDefault();
    }, true));
    begin().catch(() => {}); // a private window, or a browser that keeps nothing: the pages go on without it
    show();
  }
  return { ask, show, asDate };
})();
