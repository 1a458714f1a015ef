/** The bundle keeps itself in the browser, so that the next page need not ask a kernel for it. */

/** Name of the database and of its one store; the loader reads it by the same name. */
export const STORE = "nexus-jupyter";

/** The loader's note about a bundle in this page; `d` tells it that the bundle has come. */
interface Entry {
  d?: number;
}

function pure(bytes: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (bytes instanceof ArrayBuffer) return bytes;
  // A view may look into a whole network message; only its own part is kept.
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice().buffer;
}

/**
 * Marks the bundle as come, and stores its bytes under its address in place of any older ones.
 * A browser that stores nothing (private windows, sandboxed frames) is none the worse.
 */
export function keepBundle(address: string, bytes: ArrayBuffer | ArrayBufferView): void {
  const page = globalThis as unknown as { [name: string]: Entry | undefined };
  page[STORE + address] = Object.assign(page[STORE + address] ?? {}, { d: 1 });
  try {
    const opening = indexedDB.open(STORE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close();
      const change = database.transaction(STORE, "readwrite");
      change.oncomplete = () => database.close();
      change.onabort = () => database.close();
      const store = change.objectStore(STORE);
      store.getAllKeys().onsuccess = (event) => {
        const keys = (event.target as IDBRequest<IDBValidKey[]>).result;
        if (keys.length === 1 && keys[0] === address) return;
        store.clear();
        store.put(pure(bytes), address);
      };
    };
    opening.onerror = (event) => event.preventDefault();
  } catch {
    // no IndexedDB here
  }
}
