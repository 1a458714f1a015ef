// `$scope`: the loop variables around an element.

export type Scope = Record<string, unknown>;
