/** Where query-api tells what became of a check-in. */
export function checkInStatusUrl(
  queryApiUrl: string,
  { userId, checkInId }: { readonly userId: string; readonly checkInId: string },
): string {
  return `${queryApiUrl}/check-ins/${encodeURIComponent(userId)}/${encodeURIComponent(checkInId)}`;
}
