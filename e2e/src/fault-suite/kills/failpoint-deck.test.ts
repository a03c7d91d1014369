import { PROCESSOR_STEPS, parseFailpoints } from '@streaks/streak-processor/failpoints';
import { createRandom } from '../../load/random';
import { createFailpointDeck, failpointText } from './failpoint-deck';

describe('the deck of failpoints', () => {
  const deal = (seed: number) => {
    const deck = createFailpointDeck(createRandom(seed));
    return Array.from({ length: 500 }, () => deck.next());
  };

  it('deals every step many times, as the seed has it', () => {
    const kills = deal(1);
    for (const step of PROCESSOR_STEPS) expect(kills.filter((kill) => kill.step === step).length).toBeGreaterThan(8);
    expect(kills.every(({ hit }) => hit >= 1)).toBe(true);
    expect(deal(1)).toEqual(kills);
    expect(deal(2)).not.toEqual(kills);
  });

  it('kills whoever meets no page of members at another step', () => {
    const kill = deal(1).find(({ step }) => step === 'J2_LOCKED');
    expect(parseFailpoints(kill === undefined ? '' : failpointText(kill)).map(({ step }) => step)).toEqual([
      'J2_LOCKED',
      'B4_APPLIED',
    ]);
  });
});
