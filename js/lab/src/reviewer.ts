/**
 * This page as a reviewer: a signing key that never leaves the browser, not even to this code.  It is kept for
 * the server's address in a database of its own, so that every tab of this browser is the same reviewer.
 */
import type { Reviewer } from "../../generated/protocol";
import type { Api } from "./api";

/** Not the database in which the panels' bundle is kept: that one is emptied whenever a new bundle comes. */
export const DATABASE = "nexus-jupyter-reviewer";
const STORE = "keys";
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;
const SIGNATURE = { name: "ECDSA", hash: "SHA-256" } as const;

/** Why nothing can be signed here; "" when it can. */
export function whyNoKey(view: {
  isSecureContext: boolean;
  crypto?: Crypto;
  indexedDB?: IDBFactory;
}): string {
  if (!view.isSecureContext || !view.crypto?.subtle)
    return "This page was not loaded over HTTPS or from this computer, so the browser has no safe key to sign with. Open JupyterLab over HTTPS or as localhost.";
  return view.indexedDB ? "" : "This browser keeps nothing for the page, so there is no place for a key.";
}

/** A key pair whose private half cannot be read out. */
export class ReviewKey {
  private constructor(
    readonly pair: CryptoKeyPair,
    readonly publicKey: JsonWebKey,
    /** The key's RFC 7638 thumbprint; it is the reviewer's id. */
    readonly thumbprint: string,
  ) {}

  static async of(pair: CryptoKeyPair): Promise<ReviewKey> {
    const { kty, crv, x, y } = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const named = `{"crv":${JSON.stringify(crv)},"kty":${JSON.stringify(kty)},"x":${JSON.stringify(x)},"y":${JSON.stringify(y)}}`;
    const digest = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(named));
    return new ReviewKey(pair, { kty, crv, x, y } as JsonWebKey, base64url(digest));
  }

  /** The signature over the text's UTF-8: raw r‖s in base64url without padding. */
  async sign(statement: string): Promise<string> {
    const text = new TextEncoder().encode(statement);
    return base64url(await crypto.subtle.sign(SIGNATURE, this.pair.privateKey, text));
  }
}

/** The key kept under `name`; made when there is none.  Two tabs that come at once get the same. */
export async function keptKey(name: string): Promise<ReviewKey> {
  const fresh = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
  const database = await open();
  try {
    const pair = await new Promise<CryptoKeyPair>((resolve, reject) => {
      const change = database.transaction(STORE, "readwrite");
      const store = change.objectStore(STORE);
      let kept = fresh;
      const known: IDBRequest<CryptoKeyPair | undefined> = store.get(name);
      known.onsuccess = () => {
        if (known.result) kept = known.result;
        else store.put(fresh, name);
      };
      change.oncomplete = () => resolve(kept);
      change.onabort = () => reject(change.error ?? new Error("The browser does not keep the key."));
    });
    return await ReviewKey.of(pair);
  } finally {
    database.close();
  }
}

/** Make this page's key known to the server; gives the key and what the server makes of it. */
export async function enrol(api: Api, name: string): Promise<{ key: ReviewKey; reviewer: Reviewer }> {
  const key = await keptKey(name);
  const reviewer = await api.enrol(key.publicKey, labelOf(navigator.userAgent));
  if (reviewer.id !== key.thumbprint)
    throw new Error("The server knows this page's key by another thumbprint.");
  return { key, reviewer };
}

/** A browser in a few words, so that a person can tell reviewers apart. */
export function labelOf(agent: string): string {
  const browser = /(Firefox|Edg|OPR|Chrome|Safari)\/\d+/.exec(agent)?.[1] ?? "Browser";
  const system = /(Windows|Mac OS X|Android|iPhone|iPad|CrOS|Linux)/.exec(agent)?.[1] ?? "";
  const names: { [name: string]: string } = {
    Edg: "Edge",
    OPR: "Opera",
    CrOS: "ChromeOS",
    "Mac OS X": "macOS",
  };
  const name = (word: string) => names[word] ?? word;
  return system ? `${name(browser)} on ${name(system)}` : name(browser);
}

/** A thumbprint in groups that can be read aloud. */
export function grouped(thumbprint: string): string {
  return thumbprint.match(/.{1,6}/gu)?.join(" ") ?? "";
}

function open(): Promise<IDBDatabase> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open(DATABASE, 1);
    opening.onupgradeneeded = () => opening.result.createObjectStore(STORE);
    opening.onsuccess = () => resolve(opening.result);
    opening.onerror = () => reject(opening.error ?? new Error("The browser keeps nothing for this page."));
  });
}

function base64url(bytes: ArrayBuffer): string {
  return btoa(String.fromCharCode(...new Uint8Array(bytes)))
    .replaceAll("+", "-")
    .replaceAll("/", "_")
    .replace(/=+$/, "");
}
