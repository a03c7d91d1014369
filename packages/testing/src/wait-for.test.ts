import { waitFor } from './wait-for';

describe('waitFor', () => {
  it('returns the first truthy answer', async () => {
    let calls = 0;
    const answer = await waitFor(() => (++calls < 3 ? undefined : calls), {
      description: 'a third call',
      intervalMs: 1,
    });
    expect(answer).toBe(3);
  });

  it('treats an error as not yet and names it when time runs out', async () => {
    const failing = waitFor(() => Promise.reject(new Error('refused')), { description: 'a server', timeoutMs: 20 });
    await expect(failing).rejects.toThrow('waited 20 ms for a server: refused');
  });
});
