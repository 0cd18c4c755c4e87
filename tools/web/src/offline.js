// Keeps what the page has loaded, so that it works without a network after the first visit.
const NAME = "pnet-__BUILD__";
const FIRST = __FIRST__;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(NAME).then((cache) => cache.addAll(FIRST)).then(() => self.skipWaiting()));
});

self.addEventListener("activate", (event) => {
  const old = (names) => names.filter((name) => name.startsWith("pnet-") && name !== NAME);
  event.waitUntil(
    caches.keys().then((names) => Promise.all(old(names).map((name) => caches.delete(name)))).then(() => self.clients.claim()));
});

self.addEventListener("fetch", (event) => {
  if (event.request.method !== "GET" || new URL(event.request.url).origin !== self.location.origin) return;
  event.respondWith(
    caches.match(event.request, { ignoreSearch: true }).then(async (kept) => {
      if (kept) return kept;
      const response = await fetch(event.request);
      if (response.ok) (await caches.open(NAME)).put(event.request, response.clone());
      return response;
    }));
});
