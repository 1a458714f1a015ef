// biome-ignore-all lint/suspicious/noAssignInExpressions: every byte counts
// biome-ignore-all lint/suspicious/noDoubleEquals: every byte counts

// What travels with every panel as its `_esm`: it finds the page's one bundle and hands over to it.
//
// The bundle is looked for in the page (an entry of the global object that all panels share), then in
// IndexedDB, and at last asked of the kernel over the model's own comm.  One panel asks at once; if the
// page has no bundle three seconds later, the others ask as well, so that a kernel that is gone keeps
// nobody waiting.
//
// In JupyterLab our extension has put its own search into the entry, as `s`: it has the bundle at a
// static address (`lab/src/bundle.ts`), which the browser keeps by itself, compiled, too.
//
// `initialize` must not wait for the bundle: anywidget delivers no message before it has returned.
// A blob: URL can always be imported here, because that is how anywidget itself got this text.
// The bundle (`bundle.tsx`) keeps its bytes in IndexedDB, gives the blob's memory back and sets `d`.
//
// Every byte counts (600 at most, `build.mjs` looks): hence parameters in the place of constants.  The
// properties of `entry` that end in `_` become single letters: the `bundle_`, who `take_`s it from where
// it was found, what the next panel must `wait_` before it asks.
export default (panel, name = "nexus-jupyter") => ({
  initialize(
    context,
    model = context.model,
    address = model.get("_bundle"),
    entry = (self[name + address] ??=
      {}),
    // Fails for what is no bundle, e.g. when nothing was stored.
    run = (bytes) =>
      import(URL.createObjectURL(new Blob([bytes], { type: "text/javascript" }))).then((module) =>
        module.open(address, bytes),
      ),
  ) {
    panel = (entry.bundle_ ??= new Promise((take) => (entry.take_ = take))).then((start) => start(context));
    model.on("msg:custom", (message, buffers) => message.address == address && entry.take_(run(buffers[0])));
    (entry.s ??= new Promise((found, missing, opening = indexedDB.open(name)) => {
      // A store that is not there yet is the bundle's to make.
      opening.onupgradeneeded = () => opening.transaction.abort();
      opening.onerror = missing;
      opening.onsuccess = () =>
        (opening.result.transaction(name).objectStore(name).get(address).onsuccess = (event) =>
          found(event.target.result));
    }).then(run)).then(entry.take_, () =>
      setTimeout(() => entry.d || model.send({ kind: "bundle" }), entry.wait_, (entry.wait_ = 3e3)),
    );
  },
  render: (view) => panel.then((show) => show(view)),
});
