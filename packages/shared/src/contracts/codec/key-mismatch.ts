/** Whether a record's key is not the id that its value names. A record without a key says nothing that could disagree. */
export function isOtherKey(key: Buffer | null, id: string): boolean {
  return key !== null && !isTextOf(key, id);
}

/** Whether the bytes are the text in UTF-8. Ids are nearly always ASCII: those are compared without making text of them. */
function isTextOf(bytes: Buffer, text: string): boolean {
  if (bytes.length === text.length) {
    let index = 0;
    while (index < bytes.length && bytes[index] === text.charCodeAt(index) && (bytes[index] as number) < 0x80)
      index += 1;
    if (index === bytes.length) return true;
  }
  return bytes.toString('utf8') === text;
}
