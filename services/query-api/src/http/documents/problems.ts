import { problemResponse } from '@streaks/shared/http/openapi/route-document';

/** Problems of every route that reads a store and takes parameters. */
export const readProblems = {
  400: problemResponse('`STREAKS_INVALID_REQUEST`: `errors` names every fault of the parameters.'),
  503: problemResponse('`STREAKS_STORE_UNAVAILABLE`: the store that has the answer is away. Ask again.'),
};
