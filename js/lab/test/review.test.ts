import { webcrypto } from "node:crypto";
import "fake-indexeddb/auto";
import { describe, expect, it } from "vitest";
import type { ProposalRecord } from "../../generated/protocol";
import { documentHash } from "../src/document";
import { enrol, grouped, keptKey, labelOf, whyNoKey } from "../src/reviewer";
import { canonical, confirmStatement, proposalHash, proposalStatement, whyNotTrue } from "../src/statement";
import { type Scene, scene } from "./boundary";
import { COUNTER, panel, proposal } from "./workspace";

const NOTEBOOK = "quick ü.ipynb";
const record = proposal();
const cellText = (document: string) => `%%nxml counter\n${document.replace(/\n$/, "")}`;

/** An event as a person's click is, for what a script cannot make. */
const click = { isTrusted: true, type: "click" } as Event;

/** A server that enrols the first page and takes decisions whose signature is right. */
function reviewing(name?: string): Scene & { nonces: number; tampered: (statement: string) => string } {
  const made = Object.assign(scene(name), { nonces: 0, tampered: (statement: string) => statement });
  const { answers } = made.server;
  let key: JsonWebKey = {};
  let thumbprint = "";
  let challenge = { nonce: "", statement: "" };
  made.workspace.record(record);
  made.workspace.receive({
    kind: "revision",
    revision: 8,
    panels: [panel(COUNTER, "counter", { hash: record.proposal.base_hash })],
    ended: [],
    patch: { put_entities: [], put_relationships: [], delete_entities: [], delete_relationships: [] },
  });
  made.texts.notebooks.set(NOTEBOOK, [
    { id: "other", text: "print(1)" },
    { id: "counter-cell", text: cellText(record.proposal.base_source) },
  ]);
  const reviewer = () => ({
    id: thumbprint,
    label: "here",
    status: "active",
    enrolled: "2026-01-01T00:00:00.000Z",
  });
  answers["POST reviewers"] = async (body) => {
    key = (body as { public_key: JsonWebKey }).public_key;
    const named = JSON.stringify({ crv: key.crv, kty: key.kty, x: key.x, y: key.y });
    thumbprint = Buffer.from(await webcrypto.subtle.digest("SHA-256", Buffer.from(named))).toString(
      "base64url",
    );
    return reviewer();
  };
  answers["GET reviewers"] = () => ({ reviewers: [reviewer()] });
  answers["POST proposals/p1/challenge"] = (body) => {
    const nonce = `nonce${++made.nonces}`;
    const { action } = body as { action: "approve" };
    challenge = { nonce, statement: made.tampered(proposalStatement(action, record.proposal, nonce)) };
    return { ...challenge, expires: "2030-01-01T00:00:00.000Z" };
  };
  answers["POST proposals/p1/decision"] = async (body) => {
    const decision = body as { signature: string; nonce: string; action: string; reviewer: string };
    const pub = await webcrypto.subtle.importKey(
      "jwk",
      key as never,
      { name: "ECDSA", namedCurve: "P-256" },
      false,
      ["verify"],
    );
    const right = await webcrypto.subtle.verify(
      { name: "ECDSA", hash: "SHA-256" },
      pub,
      Buffer.from(decision.signature, "base64url"),
      Buffer.from(challenge.statement),
    );
    if (
      !right ||
      decision.nonce !== challenge.nonce ||
      decision.reviewer !== thumbprint ||
      /=/.test(decision.signature)
    )
      return Response.json({ code: "BAD_SIGNATURE", message: "Wrong.", hint: "" }, { status: 403 });
    const status = ({ approve: "applied", reject: "rejected", undo: "undone" } as const)[
      decision.action as "approve"
    ];
    return {
      ...record,
      status,
      applied_hash: await documentHash(record.proposal.source),
    } satisfies ProposalRecord;
  };
  return made;
}

const text = (made: Scene) => made.texts.notebooks.get(NOTEBOOK)?.[1]?.text;

describe("the key", () => {
  it("cannot be read out, and is the same for every tab", async () => {
    const [one, two] = await Promise.all([keptKey("/a/"), keptKey("/a/")]);
    expect(one.thumbprint).toBe(two.thumbprint);
    expect(one.pair.privateKey.extractable).toBe(false);
    await expect(crypto.subtle.exportKey("jwk", one.pair.privateKey)).rejects.toThrow();
    expect((await keptKey("/b/")).thumbprint).not.toBe(one.thumbprint);
    expect(Object.keys(one.publicKey).sort()).toEqual(["crv", "kty", "x", "y"]);
  });

  it("is enrolled under its own thumbprint, or not used", async () => {
    const made = reviewing("/c/");
    const { key, reviewer } = await enrol(made.api, "/c/");
    expect(reviewer.id).toBe(key.thumbprint);
    expect(key.thumbprint).toMatch(/^[\w-]{43}$/);
    made.server.answers["POST reviewers"] = () => ({ id: "x", label: "", status: "active", enrolled: "" });
    await expect(enrol(made.api, "/c/")).rejects.toThrow("another thumbprint");
  });

  it("needs a secure context and a place to be kept", () => {
    const crypto = webcrypto as unknown as Crypto;
    expect(whyNoKey({ isSecureContext: false, crypto, indexedDB })).toContain("HTTPS");
    expect(whyNoKey({ isSecureContext: true, crypto: {} as Crypto, indexedDB })).toContain("HTTPS");
    expect(whyNoKey({ isSecureContext: true, crypto })).toContain("no place");
    expect(whyNoKey({ isSecureContext: true, crypto, indexedDB })).toBe("");
  });

  it("is named so that people can compare it", () => {
    expect(grouped("abcdefghijklmn")).toBe("abcdef ghijkl mn");
    expect(labelOf("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36")).toBe(
      "Chrome on Linux",
    );
    expect(labelOf("strange")).toBe("Browser");
  });
});

describe("the statement", () => {
  it("says what the server's code says", () => {
    expect(proposalStatement("approve", record.proposal, "n")).toBe(
      `nexus-jupyter approval 1\napprove\np1\n${record.proposal.hash}\n${record.proposal.base_hash}\n0\nn`,
    );
    expect(confirmStatement("thumb", "n")).toBe("nexus-jupyter approval 1\nconfirm\nthumb\nthumb\n-\n-\nn");
  });

  it("is about a hash that the page computes itself, as the server did", async () => {
    expect(await proposalHash(record.proposal)).toBe(record.proposal.hash);
    expect(canonical({ b: [1e21, 0.1, -0, "\u20ac\u0001"], a: null, "\u{1F600}": 1, "\uFFFD": 2 })).toBe(
      '{"a":null,"b":[1e+21,0.1,0,"€\\u0001"],"\u{1F600}":1,"\uFFFD":2}',
    );
  });

  it("is not signed for a proposal that is not what it says", async () => {
    expect(await whyNotTrue(record.proposal)).toBe("");
    expect(await whyNotTrue({ ...record.proposal, source: "x" })).toContain("altered");
    const rehashed = async (part: object) => {
      const changed = { ...record.proposal, ...part };
      return { ...changed, hash: await proposalHash(changed) };
    };
    expect(await whyNotTrue(await rehashed({ base_source: "x" }))).toContain("starts from");
    expect(await whyNotTrue(await rehashed({ diff: "" }))).toContain("whole difference");
    expect(await whyNotTrue(await rehashed({ source: `${record.proposal.source}<!-- more -->` }))).toContain(
      "whole difference",
    );
  });
});

describe("a decision", () => {
  it("approves: signed, decided, and the cell has the new text", async () => {
    const made = reviewing();
    const { record: after, written } = await made.reviews.decide(click, "approve", record);
    expect(after.status).toBe("applied");
    expect(written).toBe(true);
    expect(text(made)).toBe(cellText(record.proposal.source));
    expect(made.workspace.state().proposals[0]?.status).toBe("applied");
  });

  it("undoes: the cell has the old text again", async () => {
    const made = reviewing();
    const { record: after } = await made.reviews.decide(click, "approve", record);
    await made.reviews.decide(click, "undo", after);
    expect(text(made)).toBe(cellText(record.proposal.base_source));
  });

  it("rejects without touching the cell, whatever is in it", async () => {
    const made = reviewing();
    made.texts.notebooks.delete(NOTEBOOK);
    const { record: after, written } = await made.reviews.decide(click, "reject", record);
    expect([after.status, written]).toEqual(["rejected", null]);
  });

  it("is no script's to make", async () => {
    const made = reviewing();
    const scripted = new MouseEvent("click", { bubbles: true });
    await expect(made.reviews.decide(scripted, "approve", record)).rejects.toThrow("person");
    await expect(
      made.reviews.decide({ isTrusted: true, type: "message" } as Event, "approve", record),
    ).rejects.toThrow("person");
    expect(made.server.asked).toEqual([]);
  });

  it("is refused before anything is signed when the cell was edited", async () => {
    const made = reviewing();
    made.texts.write(NOTEBOOK, "counter-cell", `${cellText(record.proposal.base_source)}<!-- mine -->`);
    await expect(made.reviews.decide(click, "approve", record)).rejects.toThrow("edited since");
    expect(made.nonces).toBe(0);
  });

  it("is refused when the notebook is not open or has no such cell", async () => {
    const made = reviewing();
    made.texts.notebooks.set(NOTEBOOK, []);
    await expect(made.reviews.decide(click, "approve", record)).rejects.toThrow("no cell");
    made.texts.notebooks.delete(NOTEBOOK);
    await expect(made.reviews.decide(click, "approve", record)).rejects.toThrow("not open");
    expect(made.nonces).toBe(0);
  });

  it("is not signed when the server words it otherwise", async () => {
    const made = reviewing();
    for (const tampered of [
      (s: string) => s.replace("reject", "approve"),
      (s: string) => s.replace("p1", "p2"),
      (s: string) => `${s}\n`,
      (s: string) => s.replace(record.proposal.hash, record.proposal.base_hash),
    ]) {
      made.tampered = tampered;
      await expect(made.reviews.decide(click, "reject", record)).rejects.toThrow("something else");
    }
    expect(made.server.asked).not.toContain("POST proposals/p1/decision");
  });

  it("leaves a cell alone that was edited while the server decided", async () => {
    const made = reviewing();
    const decide = made.server.answers["POST proposals/p1/decision"];
    made.server.answers["POST proposals/p1/decision"] = (body, signal) => {
      made.texts.write(NOTEBOOK, "counter-cell", "%%nxml counter\nmine");
      return decide?.(body, signal);
    };
    const { written } = await made.reviews.decide(click, "approve", record);
    expect(written).toBe(false);
    expect(text(made)).toBe("%%nxml counter\nmine");
  });

  it("says what the server refused, and changes nothing", async () => {
    const made = reviewing();
    made.server.answers["POST proposals/p1/decision"] = () =>
      Response.json({ code: "STALE", message: "It changed.", hint: "Ask again." }, { status: 409 });
    await expect(made.reviews.decide(click, "approve", record)).rejects.toMatchObject({
      code: "STALE",
      status: 409,
    });
    expect(text(made)).toBe(cellText(record.proposal.base_source));
  });

  it("waits until another page confirmed this one", async () => {
    const made = reviewing();
    const { answers } = made.server;
    const [enrolled, listed] = [answers["POST reviewers"], answers["GET reviewers"]];
    answers["POST reviewers"] = async (body, signal) => ({
      ...((await enrolled?.(body, signal)) as object),
      status: "pending",
    });
    answers["GET reviewers"] = async (body, signal) => {
      const all = (await listed?.(body, signal)) as { reviewers: object[] } | undefined;
      return { reviewers: all?.reviewers.map((reviewer) => ({ ...reviewer, status: "pending" })) };
    };
    await expect(made.reviews.decide(click, "approve", record)).rejects.toThrow("waits for a confirmation");
    expect(made.reviews.standing().status).toBe("pending");
    expect(made.nonces).toBe(0);
    // and goes on by itself as soon as that has happened
    const { thumbprint } = made.reviews.standing();
    made.workspace.receive({
      kind: "reviewers",
      reviewers: [{ id: thumbprint, label: "here", status: "active", enrolled: "" }],
    });
    expect(made.reviews.standing().status).toBe("active");
  });

  it("that was left half done can be finished later", async () => {
    const made = reviewing();
    const applied = proposal({ status: "applied", applied_hash: await documentHash(record.proposal.source) });
    expect((await made.reviews.staleCell(applied))?.id).toBe("counter-cell");
    expect(await made.reviews.updateCell(applied)).toBe(true);
    expect(text(made)).toBe(cellText(record.proposal.source));
    expect(await made.reviews.staleCell(applied)).toBeNull();
    // and after an undo, the other way
    const undone = proposal({ status: "undone" });
    expect(await made.reviews.updateCell(undone)).toBe(true);
    expect(text(made)).toBe(cellText(record.proposal.base_source));
  });

  it("finds the cell by its text when the kernel is gone", async () => {
    const made = reviewing();
    made.workspace.receive({
      kind: "snapshot",
      graph: { revision: 9, entities: [], relationships: [] },
      panels: [],
    });
    const applied = proposal({ status: "applied" });
    expect((await made.reviews.staleCell(applied))?.id).toBe("counter-cell");
  });
});

describe("another page", () => {
  it("is confirmed over its own thumbprint", async () => {
    const made = reviewing();
    let sent: unknown;
    const waiting = { id: "t".repeat(43), label: "there", status: "pending" as const, enrolled: "" };
    const statement = confirmStatement(waiting.id, "n");
    made.server.answers[`POST reviewers/${waiting.id}/challenge`] = () => ({
      nonce: "n",
      statement,
      expires: "",
    });
    made.server.answers[`POST reviewers/${waiting.id}/confirm`] = (body) => {
      sent = body;
      return { ...waiting, status: "active" };
    };
    await made.reviews.confirm(click, waiting);
    expect(sent).toMatchObject({
      action: "confirm",
      nonce: "n",
      reviewer: made.reviews.standing().thumbprint,
    });
    made.server.answers[`POST reviewers/${waiting.id}/challenge`] = () => ({
      nonce: "n",
      statement: confirmStatement("somebody else", "n"),
      expires: "",
    });
    await expect(made.reviews.confirm(click, waiting)).rejects.toThrow("something else");
  });
});
