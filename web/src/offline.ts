// Lets the browser install the site, asks it to keep it for when there is no network (service_worker.ts), and
// says when another version than this page's has arrived. Where that cannot be, the page works as before.

export async function keepOffline(newVersion: () => void): Promise<void> {
  const { serviceWorker } = navigator;
  if (serviceWorker === undefined) return; // not a secure address
  const manifest = document.createElement('link'); // not in the page: from the disk it would be an error
  manifest.rel = 'manifest';
  manifest.href = 'manifest.webmanifest';
  document.head.append(manifest);
  serviceWorker.addEventListener('message', ({ data }) => {
    if (data.version !== document.documentElement.dataset.version) newVersion();
  });
  try {
    const registration = await serviceWorker.register('sw.js', { updateViaCache: 'none' });
    await serviceWorker.ready;
    const used = performance.getEntriesByType('resource').map(({ name }) => name);
    registration.active?.postMessage({ used });
    document.addEventListener('visibilitychange', () => {
      if (!document.hidden) registration.update().catch(() => {}); // no network: later
    });
  } catch {
    // Storage is blocked here, or the host has no sw.js.
  }
}
