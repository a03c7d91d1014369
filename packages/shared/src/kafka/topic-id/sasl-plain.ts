import type { BrokerConnection } from './broker-connection';

export interface SaslPlain {
  readonly mechanism: 'plain';
  readonly username: string;
  readonly password: string;
}

const HANDSHAKE_API = { key: 17, version: 1, isFlexible: false } as const;
const AUTHENTICATE_API = { key: 36, version: 0, isFlexible: false } as const;

/** Throws if the broker does not take the credentials. */
export async function authenticatePlain(
  connection: BrokerConnection,
  { username, password }: SaslPlain,
): Promise<void> {
  const handshake = await connection.request(HANDSHAKE_API, lengthPrefixed(Buffer.from('PLAIN'), 2));
  if (handshake.readInt16BE(0) !== 0) throw new Error('the broker does not offer SASL/PLAIN');
  const token = Buffer.from(`\0${username}\0${password}`);
  const answer = await connection.request(AUTHENTICATE_API, lengthPrefixed(token, 4));
  if (answer.readInt16BE(0) !== 0) throw new Error('the broker refused the SASL credentials');
}

function lengthPrefixed(bytes: Buffer, lengthBytes: 2 | 4): Buffer {
  const length = Buffer.alloc(lengthBytes);
  length.writeIntBE(bytes.length, 0, lengthBytes);
  return Buffer.concat([length, bytes]);
}
