import { isDeepStrictEqual } from 'node:util';
import type { StackAddresses } from '@streaks/testing/stack-addresses';
import { type Pipeline, startPipeline } from '@streaks/testing/start-pipeline';
import { requestJson } from '../http/request-json';
import type { CaseExpectation, CaseSession, StreakCase } from './parse-cases';

export interface CaseResult {
  readonly name: string;
  /** What differs, one fault a line; empty when the case passed. */
  readonly faults: readonly string[];
}

export interface RunCasesOptions {
  readonly addresses: StackAddresses;
  /** Told of each case as soon as it is decided. */
  readonly onResult?: (result: CaseResult) => void;
}

const WAIT_SECONDS = 20;

/**
 * Plays every case through the services as processes: sessions by HTTP, answers by HTTP. The target is a setting of the
 * processor, so there is one pipeline for each distinct threshold, and one user for each case.
 */
export async function runCases(cases: readonly StreakCase[], options: RunCasesOptions): Promise<CaseResult[]> {
  const results: CaseResult[] = [];
  for (const thresholdMinutes of new Set(cases.map((one) => one.thresholdMinutes))) {
    const pipeline = await startPipeline({
      addresses: options.addresses,
      ingest: true,
      queryApi: true,
      env: { FOCUS_DAILY_TARGET_SECONDS: String(Math.round(thresholdMinutes * 60)) },
    });
    try {
      for (const [index, one] of cases.entries()) {
        if (one.thresholdMinutes !== thresholdMinutes) continue;
        const result = { name: one.name, faults: await playCase(pipeline, one, `case-${index}`) };
        results.push(result);
        options.onResult?.(result);
      }
    } finally {
      await pipeline.stop();
    }
  }
  return results;
}

async function playCase(pipeline: Pipeline, one: StreakCase, userId: string): Promise<string[]> {
  const ingestUrl = urlOf(pipeline.ingest);
  const queryUrl = urlOf(pipeline.queryApi);
  for (const [index, session] of one.sessions.entries()) {
    const fault = await postSession(ingestUrl, { ...session, userId }, index === one.sessions.length - 1);
    if (fault !== undefined) return [`session ${session.sessionId}: ${fault}`];
  }
  const at = new URLSearchParams({ at: one.asOf, timezone: one.asOfTimezone });
  const streak = await requestJson(`${queryUrl}/users/${userId}/streak?${at}`);
  const totals = await requestJson(`${queryUrl}/users/${userId}/daily-totals`);
  return [...compareStreak(one.expect, userId, streak), ...compareTotals(one, userId, totals)];
}

/** In file order, one at a time; the last waits until it, and so every one before it in the partition, was processed. */
async function postSession(
  ingestUrl: string,
  session: CaseSession & { readonly userId: string },
  wait: boolean,
): Promise<string | undefined> {
  const answer = await requestJson(`${ingestUrl}/sessions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(wait ? { prefer: `wait=${WAIT_SECONDS}` } : {}) },
    body: JSON.stringify(session),
  });
  const accepted = wait ? answer.status === 200 || answer.status === 201 : answer.status === 202;
  return accepted ? undefined : `answered ${answer.status}: ${JSON.stringify(answer.body)}`;
}

function compareStreak(expected: CaseExpectation, userId: string, { status, body }: JsonAnswer): string[] {
  const { dailySeconds: _, ...fields } = expected;
  return differences('streak', { status: 200, body: { userId, ...fields } }, { status, body });
}

function compareTotals(one: StreakCase, userId: string, { status, body }: JsonAnswer): string[] {
  const targetSeconds = one.thresholdMinutes * 60;
  const days = Object.entries(one.expect.dailySeconds)
    .map(([date, seconds]) => ({ date, seconds, qualified: seconds >= targetSeconds }))
    .sort((a, b) => a.date.localeCompare(b.date));
  return differences('daily-totals', { status: 200, body: { userId, days } }, { status, body });
}

type JsonAnswer = Awaited<ReturnType<typeof requestJson>>;

function differences(what: string, expected: JsonAnswer, received: JsonAnswer): string[] {
  if (isDeepStrictEqual(expected, received)) return [];
  return [`${what}: expected ${JSON.stringify(expected)}, received ${JSON.stringify(received)}`];
}

function urlOf(service: { readonly url: string } | undefined): string {
  if (service === undefined) throw new Error('the pipeline was started without its edges');
  return service.url;
}
