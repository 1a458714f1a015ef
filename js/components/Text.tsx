import { type ReactNode, useMemo } from "react";
import { useLocale } from "react-aria/I18nProvider";
import { readProps } from "../render/props";
import type { ComponentArguments } from "../render/registry";
import { formatValue } from "./format";

/** A piece of text; `h1` to `h4` are headings for assistive technology too. */
export function Text({ node, common }: ComponentArguments): ReactNode {
  const props = useMemo(() => readProps("Text", node.props), [node.props]);
  const { locale } = useLocale();
  const text = formatValue(props.content, props, locale, false);
  const variant = props.variant ?? "body";
  const attributes = { className: `nx-text nx-text-${variant}`, "aria-label": common.ariaLabel };
  switch (variant) {
    case "h1":
      return <h1 {...attributes}>{text}</h1>;
    case "h2":
      return <h2 {...attributes}>{text}</h2>;
    case "h3":
      return <h3 {...attributes}>{text}</h3>;
    case "h4":
      return <h4 {...attributes}>{text}</h4>;
    case "code":
      return (
        <pre className={attributes.className}>
          <code>{text}</code>
        </pre>
      );
    default:
      return <p className={attributes.className}>{text}</p>;
  }
}
