"""One click in a page and when it is seen: first change, paint, and the kernel's commit."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from playwright.sync_api import Locator, Page

# Goes into every page before its own scripts: whoever sets `benchHeard` is told of each frame of a socket before the page is.
TAP = """(() => {
  const Native = window.WebSocket, decoder = new TextDecoder();
  window.WebSocket = class extends Native {
    constructor(...given) {
      super(...given);
      this.addEventListener('message', ({ data }) => {
        if (!window.benchHeard || data instanceof Blob) return;
        window.benchHeard(typeof data === 'string' ? data : decoder.decode(data));
      });
    }
  };
})();"""

# One sample for one trusted event: `dom` is the first mutation after which the place says something else, `committed` when
# the frame with the kernel's commit has come as well; a paint is a double requestAnimationFrame after that.  A commit after which
# nothing of the place changes says what is painted already, or about to be: then there is no other paint.  Null: no answer.
SAMPLE = """(place, [event, pattern, commits, patience]) => {
  const find = new RegExp(pattern), read = () => (find.exec(place.textContent) || [''])[0];
  const before = read();
  let start = 0;
  addEventListener(event, ({ timeStamp }) => { start = timeStamp; }, { capture: true, once: true });
  const now = () => performance.now() - start;
  const painted = () => new Promise((seen) => requestAnimationFrame(() => requestAnimationFrame(() => seen(now()))));
  const first = new Promise((seen) => {
    const observer = new MutationObserver(() => {
      const text = read();
      if (!start || text === '' || text === before) return;
      observer.disconnect();
      seen(now());
    });
    observer.observe(place, { subtree: true, childList: true, characterData: true });
  });
  const heard = commits ? new Promise((seen) => {
    window.benchHeard = (text) => {
      // a panel tells its pages in batches; what the graph is told of the commit is another message
      if (!start || !/"kind": ?"batch"/.test(text) || !/"kind": ?"commit"/.test(text)) return;
      window.benchHeard = undefined;
      seen(now());
    };
  }) : first;
  const predicted = first.then(async (dom) => [dom, await painted()]);
  const committed = Promise.all([first, heard]).then(async ([dom, commit]) => {
    let changed = false;
    const observer = new MutationObserver(() => { changed = true; });
    observer.observe(place, { subtree: true, childList: true, characterData: true, attributes: true });
    const [[, shown], after] = await Promise.all([predicted, painted()]);
    observer.disconnect();
    return [Math.max(dom, commit), changed || !commits ? after : Math.max(shown, commit)];
  });
  const late = new Promise((over) => setTimeout(over, patience, null));
  window.benchSample = Promise.race([late, Promise.all([predicted, committed]).then((pairs) => pairs.flat())]);
}"""


@dataclass(frozen=True)
class Sample:
    """Milliseconds from the time stamp of one trusted event to what was seen of it.

    ``dom`` and ``painted``: the first change; ``committed`` and ``commit_painted``: the kernel's commit is in the page, too,
    which is the same where pages wait for the kernel.
    """

    dom: float
    painted: float
    committed: float
    commit_painted: float


@dataclass(frozen=True)
class Target:
    """What is clicked, where its answer shows, as a regular expression, and whether the kernel's commit tells of it."""

    button: Locator
    place: Locator
    pattern: str = r"count=\d+"
    commits: bool = False

    def click(self, page: Page, patience: float = 15_000) -> Sample | None:
        """One sample; None if there was no answer within ``patience`` milliseconds."""
        return watched(page, self.place, self.button.click, "click", self.pattern, self.commits, patience)


def watched(
    page: Page, place: Locator, act: Callable[[], object], event: str, pattern: str, commits: bool, patience: float = 15_000
) -> Sample | None:
    """A sample of ``act``, which causes the DOM ``event`` once; None if there was no answer."""
    place.evaluate(SAMPLE, [event, pattern, commits, patience])
    act()
    times: list[float] | None = page.evaluate("() => window.benchSample")
    return None if times is None else Sample(*times)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which ``share`` of ``values`` lie."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def median(samples: Sequence[Sample], name: str) -> float:
    """The median of one of the times of ``samples``."""
    return float(statistics.median(getattr(each, name) for each in samples))
