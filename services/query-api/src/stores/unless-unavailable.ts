import { StoreUnavailable } from './store-circuit';

/** Undefined in place of what a store has that is away. Other errors pass through. */
export async function unlessUnavailable<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof StoreUnavailable) {
      return undefined;
    }
    throw error;
  }
}
