"""What a panel shows: its view for pages, and all that a page needs to make it itself."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..errors import NexusError
from ..nxml.program import Program
from ..protocol import Cause, Commit, GuestView, Operation, Problem, ProgramReply, Snapshot, Tree, TreePatch
from ..sandbox.failure import error_from
from ..sandbox.values import thaw

if TYPE_CHECKING:
    from .runtime import Runtime


class Shown(NamedTuple):
    """What a look at the view gave: the difference to the last look, or all of it; neither when it is the same."""

    patch: TreePatch | None = None
    tree: Tree | None = None


def unresolved(error: NexusError) -> Problem:
    """What readers are told about a view that could not be resolved."""
    return Problem(severity="error", code=error.code, message=f"the view could not be resolved: {error}")


class View:
    """The view of one panel, as its guest resolves it.  In turns only."""

    def __init__(self, runtime: Runtime, zone: str) -> None:
        self._runtime = runtime
        self._zone = zone
        self._tree = Tree(root=None)
        self._clock, self._seed = 0.0, 0
        self._bound: tuple[Program, int] | None = None

    def moves(self, clock: float | None, seed: int | None) -> None:
        """From now on it reads this clock, in milliseconds since 1970, and this seed; None: as before."""
        self._clock = self._clock if clock is None else clock
        self._seed = self._seed if seed is None else seed

    def forget(self) -> None:
        """Nothing of the view so far is shown any more."""
        self._tree = Tree(root=None)

    def commit(self, cause: Cause, ops: Iterable[Operation], *, pages: bool) -> Commit:
        """What is told of the present revision.  The view is only looked at where there are ``pages`` to show it."""
        runtime = self._runtime
        shown = self._difference() if pages else Shown()
        return Commit(
            rev=runtime.rev,
            cause=cause,
            ops=tuple(ops),
            clock=self._clock,
            seed=self._seed,
            patch=shown.patch,
            tree=shown.tree,
            can_undo=runtime.undo.can_undo,
            can_redo=runtime.undo.can_redo,
        )

    def snapshot(self, known: tuple[int, int] | None = None) -> Snapshot:
        """All that a page shows; of a view that cannot be resolved as it was last, and why.

        ``known``: the document and revision that a page shows already.
        """
        runtime = self._runtime
        tree = Tree(root=None)
        shown = known == (runtime.document_rev, runtime.rev)
        if runtime.program.view is not None and not shown:
            try:
                tree = self._look(whole=True).tree or tree
            except NexusError as error:
                tree = Tree(root=self._tree.root, problems=(unresolved(error),))
        return Snapshot(
            panel=runtime.panel,
            title=runtime.program.title,
            rev=runtime.rev,
            document=runtime.document_rev,
            tree=tree,
            shown=shown,
            consent=runtime.consent,
            hooks=runtime.lifecycle.failures(),
            sight=runtime.lifecycle.wants_sight,
            can_undo=runtime.undo.can_undo,
            can_redo=runtime.undo.can_redo,
        )

    def program_for(self, client: str) -> ProgramReply:
        """What the page ``client`` needs to resolve the view itself."""
        runtime = self._runtime
        return ProgramReply(
            client=client,
            document=runtime.document_rev,
            rev=runtime.rev,
            program=runtime.program.model_dump(mode="json"),
            state=thaw(runtime.state),
            clock=self._clock,
            seed=self._seed,
            zone=self._zone,
            near=self._near(),
        )

    def _near(self) -> int:
        """``ProgramReply.near`` of the present document, found out when the first page asks."""
        program = self._runtime.program
        if self._bound is None or self._bound[0] is not program:
            from ..nxml.bounded import state_cap  # it takes a parser of JavaScript, which a panel without pages never needs

            self._bound = (program, state_cap(program))
        return self._bound[1]

    def _difference(self) -> Shown:
        if self._runtime.program.view is None:
            return Shown()
        try:
            return self._look(whole=False)
        except NexusError as error:
            return Shown(patch=TreePatch(problems=(unresolved(error),)))

    def _look(self, *, whole: bool) -> Shown:
        """The whole view, or what changed since the last look; a guest that was not asked before tells the whole of it."""
        reply = self._runtime.request(GuestView(whole=whole), cpu=self._runtime.limits.load_cpu)
        if reply.status == "failed":
            raise error_from(reply.error)
        if reply.tree is not None:
            self._tree = reply.tree
        return Shown(patch=reply.patch, tree=reply.tree)
