/** Where query-api tells what became of a session. */
export function sessionStatusUrl(
  queryApiUrl: string,
  { userId, sessionId }: { readonly userId: string; readonly sessionId: string },
): string {
  return `${queryApiUrl}/sessions/${encodeURIComponent(userId)}/${encodeURIComponent(sessionId)}`;
}
