// `$scope`: the loop variables around an element.

export type Scope = Readonly<Record<string, unknown>>;

export const NO_SCOPE: Scope = Object.freeze(Object.create(null) as Scope);

const slot: PropertyDescriptor = { value: undefined, enumerable: true };

/** The variables around a loop and its own, of which an inner one shadows an outer one of the same name. */
export function innerScope(
  outer: Scope,
  item: string,
  value: unknown,
  index: string | null,
  position: number,
): Scope {
  const scope = Object.create(null) as Scope;
  for (const name in outer) if (name !== item && name !== index) set(scope, name, outer[name]);
  set(scope, item, value);
  if (index !== null && index !== item) set(scope, index, position);
  // not frozen, which would cost each one a shape of its own: no property can be written, and none can be added
  return Object.preventExtensions(scope);
}

function set(scope: Scope, name: string, value: unknown): void {
  slot.value = value;
  Object.defineProperty(scope, name, slot);
}
