// The service worker of the built page: FILES and VERSION stand before this text, written by plugin.ts.
// Files of a build have names of their own, so one that is kept is right for ever; only the document is asked
// for anew, and taken from here without a network.

const CACHE = `${self.registration.scope} ${VERSION}`;

self.addEventListener("install", (event) => {
  event.waitUntil(caches.open(CACHE).then((cache) => cache.addAll(FILES)));
});

// Another version waits until no page of the last one is open; then that one's files go.
self.addEventListener("activate", (event) => {
  const old = (name) => name.startsWith(`${self.registration.scope} `) && name !== CACHE;
  event.waitUntil(caches.keys().then((names) => Promise.all(names.filter(old).map((name) => caches.delete(name)))));
});

self.addEventListener("fetch", (event) => {
  const { request } = event;
  if (request.method !== "GET" || !request.url.startsWith(self.registration.scope)) return;
  event.respondWith(request.mode === "navigate" ? visited(request) : kept(request));
});

async function visited(request) {
  try {
    return await fetch(request);
  } catch (error) {
    const document = await caches.match("./", { cacheName: CACHE });
    if (document === undefined) throw error;
    return document;
  }
}

async function kept(request) {
  return (await caches.match(request, { cacheName: CACHE })) ?? fetch(request);
}
