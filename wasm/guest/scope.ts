// `$scope`: the loop variables around an element.

export type Scope = Readonly<Record<string, unknown>>;

export const NO_SCOPE: Scope = Object.freeze(Object.create(null) as Scope);

const slot: PropertyDescriptor = { value: undefined, enumerable: true };

/**
 * The variables around a loop and its own, of which an inner one shadows an outer one of the same name.  The position
 * is asked for when it is read, so that an item that moves is told to those who read it and to nobody else.
 */
export function innerScope(
  outer: Scope,
  item: string,
  value: unknown,
  index: string | null,
  position: (() => number) | undefined,
): Scope {
  const scope = Object.create(null) as Scope;
  for (const name in outer)
    if (name !== item && name !== index)
      Object.defineProperty(scope, name, Object.getOwnPropertyDescriptor(outer, name) as PropertyDescriptor);
  slot.value = value;
  Object.defineProperty(scope, item, slot);
  if (index !== null && index !== item)
    Object.defineProperty(scope, index, { get: position, enumerable: true } as PropertyDescriptor);
  // not frozen, which would cost each one a shape of its own: no property can be written, and none can be added
  return Object.preventExtensions(scope);
}
