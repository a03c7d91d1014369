/**
 * A copy of a schema, or of anything that holds schemas, whose objects refuse properties that they do not name. The document
 * itself leaves answers open to later releases; a test must not let one through that nobody documented.
 *
 * @throws Error for `allOf`: its members would have to know each other's properties.
 */
export function closeObjects<Node>(node: Node): Node {
  return close(node) as Node;
}

function close(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(close);
  if (typeof node !== 'object' || node === null) return node;
  if ('allOf' in node) throw new Error(`allOf cannot be closed: ${JSON.stringify(node)}`);
  const closed = Object.fromEntries(Object.entries(node).map(([key, value]) => [key, close(value)]));
  return isOpenObject(node) ? { ...closed, additionalProperties: false } : closed;
}

function isOpenObject(node: object): boolean {
  return 'type' in node && node.type === 'object' && 'properties' in node && !('additionalProperties' in node);
}
