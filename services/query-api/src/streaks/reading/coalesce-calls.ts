/** One question's way into the next call. */
type Asked<Question, Answer> = {
  readonly question: Question;
  readonly resolve: (answer: Answer) => void;
  readonly reject: (error: unknown) => void;
};

export interface CoalesceOptions<Question, Answer> {
  /** Answers in the order of the questions. What it rejects with, each asker of the call gets. */
  readonly ask: (questions: readonly Question[]) => Promise<readonly Answer[]>;
  /** Most questions of one call; further ones go with another. */
  readonly maxQuestions: number;
}

/**
 * What is asked in one turn of the event loop goes to the store as one call: under load a turn reads many requests, and
 * one call with many keys costs hardly more than one with a single key. Nobody waits for company: a turn ends when
 * everything that had arrived has been read.
 */
export function coalesceCalls<Question, Answer>({
  ask,
  maxQuestions,
}: CoalesceOptions<Question, Answer>): (question: Question) => Promise<Answer> {
  let waiting: Asked<Question, Answer>[] = [];

  function flush(): void {
    const asked = waiting;
    waiting = [];
    for (let from = 0; from < asked.length; from += maxQuestions) {
      void settle(asked.slice(from, from + maxQuestions));
    }
  }

  async function settle(asked: readonly Asked<Question, Answer>[]): Promise<void> {
    try {
      const answers = await ask(asked.map(({ question }) => question));
      if (answers.length !== asked.length) {
        throw new Error(`${asked.length} questions got ${answers.length} answers`);
      }
      for (const [index, { resolve }] of asked.entries()) {
        resolve(answers[index] as Answer);
      }
    } catch (error) {
      for (const { reject } of asked) {
        reject(error);
      }
    }
  }

  return (question) =>
    new Promise((resolve, reject) => {
      if (waiting.length === 0) {
        setImmediate(flush);
      }
      waiting.push({ question, resolve, reject });
    });
}
