import { connect } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

/** Kafka's numbers of the requests that a transaction is made of. */
export const API_KEYS = {
  Produce: 0,
  OffsetFetch: 9,
  InitProducerId: 22,
  AddPartitionsToTxn: 24,
  AddOffsetsToTxn: 25,
  EndTxn: 26,
  TxnOffsetCommit: 28,
} as const;

export type KafkaRequest = keyof typeof API_KEYS;

export interface RequestCutter {
  readonly socketFactory: ISocketFactory;
  /** The next requests of this kind lose their connection: `reply` once the broker has answered, `request` before it has it. */
  cut(request: KafkaRequest, what: 'reply' | 'request', times: number): void;
  readonly cuts: number;
}

const API_KEY_AT = 4;

/** Sockets for kafkajs that hang up at a request, as a broken network does at the worst moment. */
export function createRequestCutter(): RequestCutter {
  let apiKey = -1;
  let what: 'reply' | 'request' = 'reply';
  let left = 0;
  let cuts = 0;
  return {
    socketFactory: ({ host, port, onConnect }) => {
      const socket = connect({ host, port }, onConnect);
      const write = socket.write.bind(socket);
      const hangUp = () => {
        socket.destroy();
        socket.emit('end');
      };
      socket.write = (data: Uint8Array | string) => {
        const bytes = typeof data === 'string' ? Buffer.from(data, 'latin1') : Buffer.from(data);
        if (left === 0 || bytes.length < API_KEY_AT + 2 || bytes.readInt16BE(API_KEY_AT) !== apiKey)
          return write(bytes);
        left--;
        cuts++;
        if (what === 'request') {
          hangUp();
          return false;
        }
        socket.removeAllListeners('data');
        socket.once('data', hangUp); // the broker has done it, and nobody hears of it
        return write(bytes);
      };
      return socket;
    },
    cut(request, kind, times) {
      apiKey = API_KEYS[request];
      what = kind;
      left = times;
    },
    get cuts() {
      return cuts;
    },
  };
}
