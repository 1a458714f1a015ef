import type { Registry } from "../render/registry";
import { Action, Button } from "./Button";
import { Checkbox } from "./Checkbox";
import { Container } from "./Container";
import { Input } from "./Input";
import { Layout } from "./Layout";
import { Metric } from "./Metric";
import { Text } from "./Text";

/** The components that this version draws: those that the catalog calls available. */
export const registry: Registry = {
  Action: { component: Action, control: true, ownStyle: true },
  Button: { component: Button, control: true, ownStyle: true },
  Checkbox: { component: Checkbox, control: true },
  Container: { component: Container },
  Input: { component: Input, control: true },
  Layout: { component: Layout },
  Metric: { component: Metric },
  Text: { component: Text },
};
