import { assertKafkajsIsPatched } from './kafkajs-self-test';

it('finds every part of the patch in force', async () => {
  await expect(assertKafkajsIsPatched()).resolves.toBeUndefined();
});
