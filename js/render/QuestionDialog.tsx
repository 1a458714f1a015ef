/** The question before a tool runs that asks first (`confirm`): the panel's own words, and yes or no. */
import { type ReactNode, useContext, useId } from "react";
import { Button } from "react-aria-components/Button";
import { Dialog } from "react-aria-components/Dialog";
import { Heading } from "react-aria-components/Heading";
import { Modal, ModalOverlay } from "react-aria-components/Modal";
import { type Question, useHost, usePanel } from "./host";
import { SUPPRESS } from "./keys";
import { NamesContext } from "./names";

/** Shown in the view that was used; whatever closes it without a yes is a no. */
export function QuestionDialog(): ReactNode {
  const { question, title } = usePanel();
  const names = useContext(NamesContext);
  if (question === null || (question.view !== "" && question.view !== names)) return null;
  return <Asked key={question.seq} question={question} title={title} />;
}

function Asked({ question, title }: { question: Question; title: string }): ReactNode {
  const host = useHost();
  const text = useId();
  const answer = (yes: boolean) => host.answer(question.seq, yes);
  return (
    <ModalOverlay
      isOpen
      isDismissable
      onOpenChange={(open) => {
        if (!open) answer(false);
      }}
      className="nexus-panel-overlay nx-veil"
    >
      <Modal className="nx-modal" {...{ [SUPPRESS]: "true" }}>
        <Dialog role="alertdialog" aria-describedby={text} className="nexus-panel nx-dialog">
          <Heading slot="title" className="nx-dialog-title">
            {title || "This panel"} asks
          </Heading>
          <p id={text} className="nx-dialog-text">
            {question.text}
          </p>
          <div className="nx-dialog-choices">
            <Button autoFocus className="nx-button" data-variant="secondary" onPress={() => answer(false)}>
              <span className="nx-button-label">No</span>
            </Button>
            <Button className="nx-button" data-variant="primary" onPress={() => answer(true)}>
              <span className="nx-button-label">Yes</span>
            </Button>
          </div>
        </Dialog>
      </Modal>
    </ModalOverlay>
  );
}
