/** What a page got from a kernel is kept in the browser, so that the next page need not ask for it. */

/** Name of the database and of its one store, and before addresses in the page; the loader reads them by the same name. */
export const STORE = "nexus-jupyter";

/** Before the address of a guest's bytes; a bundle's address stands alone, as the loader looks for it. */
const GUEST = "guest ";

/** The loader's note about a bundle in this page; `d` tells it that the bundle has come. */
interface Entry {
  d?: number;
}

/** The two modules of a guest. */
export interface Modules {
  readonly code: ArrayBuffer;
  readonly image: ArrayBuffer;
}

/** The bytes alone: a view may look into a whole network message; only its own part is kept. */
export function pure(bytes: ArrayBuffer | ArrayBufferView): ArrayBuffer {
  if (bytes instanceof ArrayBuffer) return bytes;
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength).slice().buffer;
}

/**
 * Calls `work` with the store; it is closed when what `work` began has ended.  `missing` is called in a browser that stores
 * nothing (private windows, sandboxed frames), which is none the worse.
 */
function inStore(mode: IDBTransactionMode, work: (store: IDBObjectStore) => void, missing = () => {}): void {
  try {
    const opening = indexedDB.open(STORE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => {
      const database = opening.result;
      database.onversionchange = () => database.close();
      try {
        const change = database.transaction(STORE, mode);
        change.oncomplete = () => database.close();
        change.onabort = () => {
          database.close();
          missing();
        };
        work(change.objectStore(STORE));
      } catch {
        database.close();
        missing();
      }
    };
    opening.onerror = (event) => {
      event.preventDefault();
      missing();
    };
  } catch {
    missing(); // no IndexedDB here
  }
}

/** Stores a value in place of all older ones of its sort. */
function keep(key: string, value: unknown, sameSort: (key: string) => boolean): void {
  inStore("readwrite", (store) => {
    store.getAllKeys().onsuccess = (event) => {
      const keys = (event.target as IDBRequest<IDBValidKey[]>).result;
      for (const other of keys) if (other !== key && sameSort(String(other))) store.delete(other);
      if (!keys.includes(key)) store.put(value, key);
    };
  });
}

/** Marks the bundle as come: no panel of this page needs to ask for it any more. */
export function markBundle(address: string): void {
  const page = globalThis as unknown as { [name: string]: Entry | undefined };
  page[STORE + address] = Object.assign(page[STORE + address] ?? {}, { d: 1 });
}

/** Stores a bundle's bytes under its address in place of any older ones. */
export function keepBundle(address: string, bytes: ArrayBuffer | ArrayBufferView): void {
  keep(address, pure(bytes), (key) => !key.startsWith(GUEST));
}

/** Stores a guest's modules under their address in place of any older ones. */
export function keepGuest(address: string, modules: Modules): void {
  keep(GUEST + address, modules, (key) => key.startsWith(GUEST));
}

/** The modules that are stored under the address; null when there are none. */
export function keptGuest(address: string): Promise<Modules | null> {
  return new Promise((resolve) => {
    const missing = (): void => resolve(null);
    inStore(
      "readonly",
      (store) => {
        store.get(GUEST + address).onsuccess = (event) => {
          const kept = (event.target as IDBRequest<Partial<Modules> | undefined>).result;
          const { code, image } = kept ?? {};
          if (code instanceof ArrayBuffer && image instanceof ArrayBuffer) resolve({ code, image });
          else missing();
        };
      },
      missing,
    );
  });
}
