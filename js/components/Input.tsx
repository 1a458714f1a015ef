import { type KeyboardEvent, type ReactNode, useMemo } from "react";
import { FieldError } from "react-aria-components/FieldError";
import { Input as TextInput } from "react-aria-components/Input";
import { Label } from "react-aria-components/Label";
import { Text as Help } from "react-aria-components/Text";
import { TextArea } from "react-aria-components/TextArea";
import { TextField } from "react-aria-components/TextField";
import { ControlTip } from "../render/HoverTip";
import { named, readProps, toText } from "../render/props";
import type { ComponentArguments } from "../render/registry";
import { useDraft } from "./draft";
import { useField } from "./field";

/** Milliseconds of rest before typing is committed, unless the document says otherwise. */
export const TYPING_REST = 150;
const LONGEST_REST = 10_000;

/** One line or several lines of text. */
export function Input({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Input", node.props), [node.props]);
  const field = useField(node, props);
  const delay = Math.min(LONGEST_REST, props.debounce ?? TYPING_REST);
  const draft = useDraft<string>({ value: toText(node.value), delay, send: field.send });

  const onKeyDown = (event: KeyboardEvent) => {
    // Enter that ends an input method's composition belongs to the input method (229: some browsers' sign of it).
    if (event.key !== "Enter" || event.nativeEvent.isComposing || event.keyCode === 229) return;
    if (props.multiline && !(event.ctrlKey || event.metaKey)) return;
    draft.flush();
    if (props.multiline) return;
    const detail = { value: draft.value };
    if (node.events.includes("submit")) field.emit("submit", detail);
    else field.emit("press", detail);
  };
  const typing = {
    className: "nx-input",
    placeholder: props.placeholder ?? "",
    onKeyDown,
    onCompositionStart: () => draft.hold(true),
    onCompositionEnd: () => draft.hold(false),
  };
  const wrong = draft.error?.message || props.error || "";
  return (
    <ControlTip text={common.tooltip}>
      <TextField
        className="nx-field"
        {...named(props.label ? undefined : common.ariaLabel || props.placeholder || "Text")}
        type={props.inputType ?? "text"}
        value={draft.value}
        onChange={draft.set}
        onFocus={() => field.emit("focus")}
        onBlur={() => {
          draft.hold(false);
          draft.flush();
          field.emit("blur");
        }}
        isDisabled={field.disabled}
        isReadOnly={field.readOnly}
        isRequired={props.required === true}
        isInvalid={wrong !== ""}
        validationBehavior="aria"
        autoComplete="off"
        spellCheck={props.multiline ? "true" : "false"}
      >
        {props.label && <Label className="nx-label">{props.label}</Label>}
        {props.multiline ? <TextArea {...typing} rows={props.rows ?? 3} /> : <TextInput {...typing} />}
        {props.description && (
          <Help slot="description" className="nx-help">
            {props.description}
          </Help>
        )}
        <FieldError className="nx-field-error">
          {wrong}
          {draft.error?.hint && <span className="nx-error-hint">{draft.error.hint}</span>}
        </FieldError>
      </TextField>
    </ControlTip>
  );
}
