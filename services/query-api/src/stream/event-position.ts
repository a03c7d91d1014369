import { RULE_IDS, type RuleId } from '@streaks/shared/domain/rules';
import { z } from 'zod';
import { faultText } from '../http/requests/fault-text';
import { textParameter } from '../http/requests/parameters';

/** Up to which version of each rule somebody knows the history of a user. */
export type EventPosition = Readonly<Record<RuleId, number>>;

const PART = /^([a-z]+):(\d{1,15})$/;

/** The id of an event: `focus:12,activity:3`. It tells the whole position, so that a client that keeps the last one misses nothing. */
export function formatPosition(position: EventPosition): string {
  return RULE_IDS.map((ruleId) => `${ruleId}:${position[ruleId]}`).join(',');
}

/** What an id says; a rule that it does not name is absent. Undefined for a text that is no id. */
export function parsePosition(text: string): Partial<EventPosition> | undefined {
  const position: Partial<Record<RuleId, number>> = {};
  for (const part of text.split(',')) {
    const [, name, version] = PART.exec(part) ?? [];
    const ruleId = RULE_IDS.find((known) => known === name);
    if (ruleId === undefined || position[ruleId] !== undefined) {
      return undefined;
    }
    position[ruleId] = Number(version);
  }
  return position;
}

/** An event id that a client gives back. */
export const eventIdParameter = textParameter()
  .transform((text, context) => {
    const position = parsePosition(text);
    if (position === undefined) {
      context.addIssue({
        code: 'custom',
        message: faultText('INVALID_EVENT_ID', 'must be the id of an event such as focus:12,activity:3'),
      });
      return z.NEVER;
    }
    return position;
  })
  .meta({
    description: 'Id of the last event that was seen: what came after it follows',
    example: 'focus:12,activity:3',
  });
