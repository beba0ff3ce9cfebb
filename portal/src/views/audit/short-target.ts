/** The last parts of an ARM id. */
export function shortTarget(target: string): string {
  return target.replace(/^\/subscriptions\/.*\/providers\/[^/]+\/(?=.)/, '…/')
}
