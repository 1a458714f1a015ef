/** What Lumino looks for when it is loaded, and jsdom has not. */
Object.assign(globalThis, { DragEvent: class extends MouseEvent {} });
