// Keeps the page for offline use. The build puts in the version and the list of files.
// The API and the clusters are never kept; content is taken fresh when there is a network.
const CACHE = `podium-${'VERSION'}`;
const FILES = ['FILES'];

// The course is compiled after the page, so its files are found through the catalogue. Where that fails
// the page still works offline; scenarios are then kept when they are first opened.
const keepCourse = async cache => {
  try {
    const catalog = await (await fetch('/scenarios/catalog.json')).json();
    const ready = catalog.tracks.flatMap(track => track.scenarios).filter(one => one.status === 'ready');
    const texts = ready.flatMap(one => ['ko', 'en'].map(language => `/scenarios/${one.id}/${language}.json`));
    await cache.addAll(['/scenarios/catalog.json', ...texts]);
  } catch {
    return;
  }
};

addEventListener('install', event => {
  event.waitUntil((async () => {
    const cache = await caches.open(CACHE);
    await cache.addAll(FILES);
    await keepCourse(cache);
    await skipWaiting();
  })());
});

addEventListener('activate', event => {
  event.waitUntil((async () => {
    for (const key of await caches.keys()) {
      if (key.startsWith('podium-') && key !== CACHE) await caches.delete(key);
    }
    await clients.claim();
  })());
});

const kept = async request => (await caches.open(CACHE)).match(request, { ignoreSearch: true });

const fresh = async (request, fallback) => {
  try {
    const answer = await fetch(request);
    if (answer.ok && request.method === 'GET') (await caches.open(CACHE)).put(request, answer.clone());
    return answer;
  } catch (error) {
    const old = await kept(fallback ?? request);
    if (old) return old;
    throw error;
  }
};

addEventListener('fetch', event => {
  const url = new URL(event.request.url);
  if (event.request.method !== 'GET' || url.origin !== location.origin) return;
  if (/^\/(api|clusters|healthz|readyz|metrics)(\/|$)/.test(url.pathname)) return;
  if (event.request.mode === 'navigate') {
    event.respondWith(fresh(new Request('/'), '/').then(answer => answer));
  } else if (url.pathname.startsWith('/scenarios/')) {
    event.respondWith(fresh(event.request));
  } else {
    event.respondWith(kept(event.request).then(old => old ?? fetch(event.request)));
  }
});
