// Part of the service worker: what it remembers, in IndexedDB. Rows have a `key`.
//   forms    what waits to be sent: { key, person, url, from, title, fields, then, at, state, reason, present }
//   modules  what is kept as a whole: { key, title, url, addresses, at }
//   seen     pages that were read from their copy: { key: address }
"use strict";
const STORES = ["forms", "modules", "seen"];

function opened() {
  return new Promise((resolve, reject) => {
    const asked = indexedDB.open("campus", 1);
    asked.onupgradeneeded = () => STORES.forEach((name) => asked.result.createObjectStore(name, { keyPath: "key" }));
    asked.onsuccess = () => resolve(asked.result);
    asked.onerror = () => reject(asked.error);
  });
}

// Answers what the last request of `act` (store, store, …) found, once all of it is on the disk.
async function within(names, mode, act) {
  const database = await opened();
  try {
    return await new Promise((resolve, reject) => {
      const deed = database.transaction(names, mode);
      const asked = act(...[names].flat().map((name) => deed.objectStore(name)));
      deed.oncomplete = () => resolve(asked?.result);
      deed.onerror = deed.onabort = () => reject(deed.error);
    });
  } finally {
    database.close();
  }
}

const rows = (name) => within(name, "readonly", (store) => store.getAll());
const row = (name, key) => within(name, "readonly", (store) => store.get(key));
const put = (name, value) => within(name, "readwrite", (store) => store.put(value));
const remove = (name, key) => within(name, "readwrite", (store) => store.delete(key));
const clearAll = () => within(STORES, "readwrite", (...stores) => { stores.forEach((store) => store.clear()); });
