// The service worker: what happens when. CAMPUS (of /sw.js) holds the version, its assets, the addresses of forms that may wait and how much
// they may weigh. Everything that is not named here goes to the network as if there were no worker.
"use strict";
const DEEDS = {
  state: () => standing(),
  send: () => send(),
  everything: () => everything(),
  modules: () => rows("modules"),
  kept: ({ module }) => put("modules", module),
  drop,
  empty,
  decide,
};

addEventListener("install", (event) => event.waitUntil(prepare().then(() => skipWaiting())));
addEventListener("activate", (event) => event.waitUntil(tidy().catch(() => {}).then(() => clients.claim())));
addEventListener("sync", (event) => event.waitUntil(send()));

addEventListener("fetch", (event) => {
  const { request } = event, url = new URL(request.url);
  if (url.origin !== location.origin) return;
  if (request.method === "POST" && request.mode === "navigate") {
    if (url.pathname.startsWith("/sign-out")) event.respondWith(leave(request));
    else if (FORMS.some((form) => form.test(url.pathname))) event.respondWith(submit(request));
  } else if (request.method === "GET") {
    if (url.pathname.startsWith("/static/")) event.respondWith(asset(request));
    else if (request.mode === "navigate" || request.destination === "image" || request.headers.has("offline")) event.respondWith(page(event));
  }
});

addEventListener("message", (event) => {
  const deed = DEEDS[event.data.deed];
  if (!deed) return;
  const done = Promise.resolve(deed(event.data)).catch(() => null);
  event.waitUntil(done.then((answer) => event.ports[0]?.postMessage(answer ?? null)));
});
