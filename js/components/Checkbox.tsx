import { type ReactNode, useMemo } from "react";
import { CheckboxButton, CheckboxField } from "react-aria-components/Checkbox";
import { FieldError } from "react-aria-components/FieldError";
import { Text as Help } from "react-aria-components/Text";
import { ControlTip } from "../render/HoverTip";
import { named, readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";
import { useDraft } from "./draft";
import { useField } from "./field";

/** A yes or no. */
export function Checkbox({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Checkbox", node.props), [node.props]);
  const field = useField(node, props);
  const draft = useDraft<boolean>({ value: node.value === true, delay: 0, send: field.send, revert: true });
  const wrong = draft.error?.message || props.error || "";
  return (
    <ControlTip text={common.tooltip}>
      <CheckboxField
        className="nx-field"
        isSelected={draft.value}
        onChange={(value) => {
          draft.set(value);
          field.emit("press", { value });
        }}
        onFocus={() => field.emit("focus")}
        onBlur={() => field.emit("blur")}
        isDisabled={field.disabled}
        isReadOnly={field.readOnly}
        isRequired={props.required === true}
        isInvalid={wrong !== ""}
        validationBehavior="aria"
        {...named(props.label ? undefined : common.ariaLabel || "Checkbox")}
      >
        <CheckboxButton className="nx-checkbox">
          <span className="nx-checkbox-box">
            <svg viewBox="0 0 16 16" aria-hidden="true">
              <path d="M3.5 8.5 6.5 11.5 12.5 4.5" />
            </svg>
          </span>
          {props.label && <span className="nx-checkbox-text">{props.label}</span>}
        </CheckboxButton>
        {props.description && (
          <Help slot="description" className="nx-help">
            {props.description}
          </Help>
        )}
        <FieldError className="nx-field-error">{wrong}</FieldError>
      </CheckboxField>
    </ControlTip>
  );
}
