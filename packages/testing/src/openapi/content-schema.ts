import type { Ajv2020 } from 'ajv/dist/2020';

/**
 * Makes ajv judge the JSON in a text by its `contentSchema`, which JSON Schema leaves to the reader. `base` is the id of the
 * document that the references in it are relative to.
 */
export function addContentSchema(ajv: Ajv2020, base: string): void {
  ajv.removeKeyword('contentSchema');
  ajv.addKeyword({
    keyword: 'contentSchema',
    type: 'string',
    error: { message: 'must hold JSON as contentSchema says' },
    compile(schema: object) {
      const absolute = JSON.parse(JSON.stringify(schema).replaceAll('"$ref":"#/', `"$ref":"${base}#/`));
      const validate = ajv.compile(absolute);
      return (text: string) => validate(parse(text));
    },
  });
}

/** Undefined, which fits no schema, for what is no JSON. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
