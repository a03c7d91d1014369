/** A user of the input, and what they do. Most only have sessions. */
export interface Person {
  readonly userId: string;
  /** Where their records go unless they roam. */
  readonly home: number;
  /** Their records come in by any partition. */
  readonly roams: boolean;
  /** Erased now and then; they go on afterwards. */
  readonly isErased: boolean;
  readonly hasSettings: boolean;
  readonly checksIn: boolean;
}

export type PersonTrait = 'isErased' | 'hasSettings' | 'checksIn';

/** The user whose records alternate over all partitions, and to whom everything happens. */
export const ALTERNATING_USER = 'alternating';

export const alternatingPerson: Person = {
  userId: ALTERNATING_USER,
  home: 0,
  roams: true,
  isErased: true,
  hasSettings: true,
  checksIn: true,
};

/** Users with every combination of traits, and many with none. */
export function personOf(number: number, partitions: number): Person {
  const hasAll = number % 40 === 0;
  return {
    userId: `user-${number}`,
    home: number % partitions,
    roams: number % 50 === 0,
    isErased: number % 20 === 0,
    hasSettings: hasAll || number % 8 === 1,
    checksIn: hasAll || number % 10 === 3 || number % 16 === 1,
  };
}
